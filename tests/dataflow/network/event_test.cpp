#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "tests/dataflow/network/test_tasks.h"
#include "tests/dataflow/network/test_worker.h"

namespace flink::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Type = ChannelEvent::Type;

const ChannelEvent kBarrier{Type::kCheckpointBarrier, 7, 1'234'567'890'123, 5, "chk-7"};
const ChannelEvent kCancel{Type::kCancelCheckpoint, 6};
const ChannelEvent kDataEnd{Type::kEndOfData, 0, 0, ChannelEvent::kDrained};

std::string describe(const ChannelEvent& event) {
  return fmt::format("<{} {} {} {} {}>", static_cast<int>(event.type), event.checkpointId,
                     event.timestampMs, event.options, event.payload);
}

/// What a reader gets, record by record, until `last` or a failure.
std::vector<std::string> readUntil(GateReader& reader, Type last) {
  std::vector<std::string> found;
  while (auto buffer = reader.next()) {
    for (std::string& record : recordsOf(*buffer)) found.push_back(std::move(record));
    if (!buffer->event.has_value()) continue;
    found.push_back(describe(*buffer->event));
    if (buffer->event->type == last) return found;
  }
  found.push_back(reader.failure().toString());
  return found;
}

std::string nextOf(GateReader& reader) {
  const auto buffer = reader.next();
  if (buffer == nullptr) return reader.failure().toString();
  return buffer->event.has_value() ? describe(*buffer->event) : recordsOf(*buffer).at(0);
}

void send(ResultPartition& partition, std::string_view record) {
  for (int channel = 0; channel < partition.numChannels(); ++channel)
    writeRecord(partition, channel, record);
  partition.flush();
}

/// Channels inside a worker and between two of them behave alike; the parameter says which.
class EventTest : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] bool local() const { return GetParam(); }
  TestWorker& consumerWorker() { return local() ? producer : other; }
  const TestWorker* remote() { return local() ? nullptr : &producer; }
  std::unique_ptr<ResultPartition> partition(int number = 1) {
    return makePartition(producer, partitionSpec(number, {local()}));
  }
  /// A gate with a channel for each of the partitions.
  std::unique_ptr<InputGate> gate(const std::vector<int>& partitions = {1}) {
    GateSpec spec;
    spec.owner = "consumer";
    for (const int number : partitions) spec.channels.push_back(channelSpec(number, 0, remote()));
    return makeGate(consumerWorker(), spec);
  }
  static void sendEverything(ResultPartition& to) {
    writeRecord(to, 0, "a");
    EXPECT_TRUE(to.broadcastEvent(kCancel).isOk());
    EXPECT_TRUE(to.broadcastEvent(kBarrier).isOk());
    writeRecord(to, 0, "b");
    to.flush();
    writeRecord(to, 0, "c");
    EXPECT_TRUE(to.broadcastEvent(kDataEnd).isOk());
    EXPECT_TRUE(to.broadcastEvent(kBarrier).isOk());
    EXPECT_TRUE(to.finish().isOk());
  }
  static auto everything() {
    return ElementsAre("a", describe(kCancel), describe(kBarrier), "b", "c", describe(kDataEnd),
                       describe(kBarrier), describe({}));
  }

  TestWorker producer;
  TestWorker other;
};

TEST_P(EventTest, EventsKeepTheirPlacesAmongRecordsThatNobodyReadYet) {
  auto from = partition();
  sendEverything(*from);
  GateReader reader(gate());
  EXPECT_THAT(readUntil(reader, Type::kEndOfPartition), everything());
  EXPECT_TRUE(reader.gate().finished());
}

TEST_P(EventTest, EventsKeepTheirPlacesAmongRecordsThatAreReadAtOnce) {
  auto from = partition();
  GateReader reader(gate());
  sendEverything(*from);
  EXPECT_THAT(readUntil(reader, Type::kEndOfPartition), everything());
}

TEST_P(EventTest, EveryChannelGetsTheEvent) {
  auto from = makePartition(producer, partitionSpec(1, {local(), local()}));
  writeRecord(*from, 1, "x");
  ASSERT_TRUE(from->broadcastEvent(kBarrier).isOk());
  for (const int channel : {0, 1}) {
    GateReader reader(makeGate(consumerWorker(), gateSpec(1, channel, remote())));
    if (channel == 1) {
      EXPECT_EQ(nextOf(reader), "x");
    }
    EXPECT_EQ(nextOf(reader), describe(kBarrier));
  }
}

TEST_P(EventTest, PayloadHasALimit) {
  auto from = partition();
  ChannelEvent barrier = kBarrier;
  barrier.payload.assign(ChannelEvent::kMaxPayloadBytes + 1, 'x');
  EXPECT_EQ(from->broadcastEvent(barrier).code(), ErrorCode::kLimitExceeded);
  barrier.payload.pop_back();
  ASSERT_TRUE(from->broadcastEvent(barrier).isOk());
  GateReader reader(gate());
  EXPECT_EQ(nextOf(reader), describe(barrier));
}

TEST_P(EventTest, EventNeedsNoMemory) {
  auto from = partition();
  int written = 0;
  for (; from->isAvailable(); ++written) writeRecord(*from, 0, std::string(30'000, 'x'));
  ASSERT_TRUE(from->broadcastEvent(kBarrier).isOk());
  GateReader reader(gate());
  const std::vector<std::string> found = readUntil(reader, Type::kCheckpointBarrier);
  ASSERT_EQ(found.size(), static_cast<std::size_t>(written) + 1);
  EXPECT_EQ(found.back(), describe(kBarrier));
}

TEST_P(EventTest, BlockedChannelKeepsWhatItHasUntilItIsResumed) {
  auto first = partition(1);
  auto second = partition(2);
  GateReader reader(gate({1, 2}));
  ASSERT_TRUE(first->broadcastEvent(kBarrier).isOk());
  auto barrier = reader.next();
  ASSERT_NE(barrier, nullptr) << reader.failure().toString();
  ASSERT_EQ(barrier->channel, 0);
  reader.gate().blockChannel(0);
  send(*first, "after the barrier");
  ASSERT_TRUE(first->finish().isOk());
  for (int i = 0; i < 100; ++i) {
    send(*second, "before the barrier");
    EXPECT_EQ(nextOf(reader), "before the barrier");
  }
  if (local()) {
    EXPECT_FALSE(first->consumed());
  }
  EXPECT_FALSE(reader.gate().hasData());
  reader.gate().resumeChannel(0);
  EXPECT_EQ(nextOf(reader), "after the barrier");
  EXPECT_EQ(nextOf(reader), describe({}));
  EXPECT_FALSE(reader.gate().finished());
}

TEST_P(EventTest, ChannelMayBeBlockedAndResumedAgain) {
  auto from = partition();
  GateReader reader(gate());
  for (int i = 0; i < 50; ++i) {
    reader.gate().blockChannel(0);
    reader.gate().blockChannel(0);
    send(*from, "x");
    EXPECT_FALSE(reader.gate().hasData());
    reader.gate().resumeChannel(0);
    reader.gate().resumeChannel(0);
    EXPECT_EQ(nextOf(reader), "x");
  }
}

TEST_P(EventTest, BlockedChannelStillFails) {
  auto first = partition(1);
  auto second = partition(2);
  GateReader reader(gate({1, 2}));
  send(*first, "x");
  ASSERT_EQ(nextOf(reader), "x");
  reader.gate().blockChannel(0);
  send(*first, "y");
  first->release(Status(ErrorCode::kUserCodeFailed, "out of cheese"));
  EXPECT_THAT(reader.nextFailure().toString(), HasSubstr("out of cheese"));
}

TEST_P(EventTest, ChannelThatWasBlockedBeforeItsPartitionFailedHearsOfIt) {
  auto first = partition(1);
  first->release(Status(ErrorCode::kUserCodeFailed, "out of cheese"));
  auto blocked = gate();
  blocked->blockChannel(0);
  GateReader reader(std::move(blocked));
  EXPECT_THAT(reader.nextFailure().toString(), HasSubstr("out of cheese"));
}

TEST_P(EventTest, BlockingPartitionTakesTheEndOfDataButNoBarrier) {
  PartitionSpec spec = partitionSpec(1, {local()});
  spec.blocking = true;
  auto from = makePartition(producer, spec);
  writeRecord(*from, 0, "a");
  for (const ChannelEvent& refused : {kBarrier, kCancel}) {
    const Status status = from->broadcastEvent(refused);
    EXPECT_EQ(status.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr("batch"));
  }
  ASSERT_TRUE(from->broadcastEvent(kDataEnd).isOk());
  ASSERT_TRUE(from->finish().isOk());
  for (int round = 0; round < 2; ++round) {
    GateReader reader(gate());
    EXPECT_THAT(readUntil(reader, Type::kEndOfPartition),
                ElementsAre("a", describe(kDataEnd), describe({})));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EventTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Local" : "Remote"; });

/// Two remote channels that share one segment.
class SharedSegmentTest : public testing::Test {
 protected:
  static NetworkSettings oneSegment() {
    NetworkSettings settings;
    settings.buffersPerChannel = 0;
    settings.floatingBuffersPerGate = 1;
    return settings;
  }
  std::unique_ptr<InputGate> gate() {
    GateSpec spec;
    spec.owner = "consumer";
    for (const int number : {1, 2}) spec.channels.push_back(channelSpec(number, 0, &producer));
    return makeGate(consumer, spec);
  }

  TestWorker producer;
  TestWorker consumer{oneSegment()};
  std::unique_ptr<ResultPartition> first = makePartition(producer, partitionSpec(1, {false}));
  std::unique_ptr<ResultPartition> second = makePartition(producer, partitionSpec(2, {false}));
};

TEST_F(SharedSegmentTest, ChannelBlockedAtItsBarrierLeavesTheSegmentToTheOther) {
  GateReader reader(gate());
  ASSERT_TRUE(first->broadcastEvent(kBarrier).isOk());
  ASSERT_EQ(nextOf(reader), describe(kBarrier));
  reader.gate().blockChannel(0);
  send(*first, "of the next checkpoint");
  for (int i = 0; i < 20; ++i) {
    send(*second, "of this checkpoint");
    ASSERT_EQ(nextOf(reader), "of this checkpoint") << i;
  }
  ASSERT_TRUE(second->broadcastEvent(kBarrier).isOk());
  ASSERT_EQ(nextOf(reader), describe(kBarrier));
  reader.gate().resumeChannel(0);
  EXPECT_EQ(nextOf(reader), "of the next checkpoint");
}

TEST_F(SharedSegmentTest, ChannelThatIsNotBlockedGoesOnAfterItsBarrier) {
  GateReader reader(gate());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(first->broadcastEvent(kBarrier).isOk());
    send(*first, "x");
    ASSERT_EQ(nextOf(reader), describe(kBarrier));
    ASSERT_EQ(nextOf(reader), "x");
  }
}

TEST_F(SharedSegmentTest, FailureReachesTheChannelThatIsBlockedAtItsBarrier) {
  GateReader reader(gate());
  ASSERT_TRUE(first->broadcastEvent(kBarrier).isOk());
  ASSERT_EQ(nextOf(reader), describe(kBarrier));
  reader.gate().blockChannel(0);
  first->release(Status(ErrorCode::kUserCodeFailed, "out of cheese"));
  EXPECT_THAT(reader.nextFailure().toString(), HasSubstr("out of cheese"));
}

TEST(BroadcastTest, EndOfPartitionBelongsToFinish) {
  TestWorker worker;
  auto from = makePartition(worker, partitionSpec(1, {true}));
  EXPECT_EQ(from->broadcastEvent({Type::kEndOfPartition}).code(), ErrorCode::kInvalidArgument);
}

TEST(BroadcastTest, EventsThatNobodyTakesAreLimited) {
  TestWorker worker;
  auto from = makePartition(worker, partitionSpec(1, {true}));
  for (std::size_t i = 0; i < kMaxWaitingEvents; ++i)
    ASSERT_TRUE(from->broadcastEvent(kBarrier).isOk());
  EXPECT_EQ(from->broadcastEvent(kBarrier).code(), ErrorCode::kLimitExceeded);
  GateReader reader(makeGate(worker, gateSpec(1, 0, nullptr)));
  ASSERT_EQ(nextOf(reader), describe(kBarrier));
  EXPECT_TRUE(from->broadcastEvent(kBarrier).isOk());
}

TEST(BroadcastTest, ReleasedPartitionSwallowsEvents) {
  TestWorker worker;
  auto from = makePartition(worker, partitionSpec(1, {true}));
  from->release(Status(ErrorCode::kCancelled, "cancelled"));
  EXPECT_TRUE(from->broadcastEvent(kBarrier).isOk());
}

/// A gate over three partitions of its worker, where everything happens in the calls.
class BlockedTurnTest : public testing::Test {
 protected:
  BlockedTurnTest() {
    GateSpec spec;
    spec.owner = "consumer";
    for (const int number : {0, 1, 2}) {
      partitions.push_back(makePartition(worker, partitionSpec(number, {true})));
      spec.channels.push_back(channelSpec(number, 0, nullptr));
    }
    gate = makeGate(worker, spec);
    gate->start([this] { ++numCalls; });
    EXPECT_EQ(poll(), -1);
    numCalls = 0;
  }
  int poll() {
    auto polled = gate->poll();
    EXPECT_TRUE(polled.isOk()) << polled.status().toString();
    return polled.isOk() && *polled != nullptr ? (*polled)->channel : -1;
  }

  TestWorker worker;
  std::vector<std::unique_ptr<ResultPartition>> partitions;
  std::unique_ptr<InputGate> gate;
  int numCalls = 0;
};

TEST_F(BlockedTurnTest, OthersKeepTheirTurns) {
  for (const int blocked : {0, 1, 2}) {
    for (const auto& partition : partitions) send(*partition, "x");
    gate->blockChannel(blocked);
    EXPECT_EQ(poll(), blocked == 0 ? 1 : 0);
    EXPECT_EQ(poll(), blocked == 2 ? 1 : 2);
    EXPECT_EQ(poll(), -1);
    EXPECT_FALSE(gate->hasData());
    gate->resumeChannel(blocked);
    EXPECT_TRUE(gate->hasData());
    EXPECT_EQ(poll(), blocked);
    EXPECT_EQ(poll(), -1);
  }
}

TEST_F(BlockedTurnTest, CallbackKnowsNothingOfBlockedChannelsUntilTheyAreResumed) {
  gate->blockChannel(1);
  send(*partitions[1], "x");
  EXPECT_EQ(numCalls, 0);
  EXPECT_FALSE(gate->hasData());
  gate->resumeChannel(1);
  EXPECT_EQ(numCalls, 1);
  EXPECT_EQ(poll(), 1);
  gate->blockChannel(1);
  gate->resumeChannel(1);
  EXPECT_EQ(numCalls, 1);
}

TEST_F(BlockedTurnTest, ChannelBlockedBetweenItsBuffersGoesOnWhereItWas) {
  ASSERT_TRUE(partitions[0]->broadcastEvent(kBarrier).isOk());
  send(*partitions[0], "x");
  EXPECT_EQ(poll(), 0);
  EXPECT_TRUE(gate->hasData());
  gate->blockChannel(0);
  EXPECT_FALSE(gate->hasData());
  EXPECT_EQ(poll(), -1);
  numCalls = 0;
  gate->resumeChannel(0);
  EXPECT_EQ(numCalls, 1);
  EXPECT_EQ(poll(), 0);
}

}  // namespace
}  // namespace flink::network
