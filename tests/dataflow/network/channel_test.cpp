#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "core/base/error_codes.h"
#include "tests/dataflow/network/test_tasks.h"
#include "tests/dataflow/network/test_worker.h"

namespace flink::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Channels inside a worker and between two of them behave alike; the parameter says which.
class ChannelTest : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] bool local() const { return GetParam(); }
  TestWorker& consumerWorker() { return local() ? producer : other; }
  GateSpec gate(int number = 1, int subpartition = 0) {
    return gateSpec(number, subpartition, local() ? nullptr : &producer);
  }

  TestWorker producer;
  TestWorker other;
};

TEST_P(ChannelTest, FlushedRecordsArriveBeforeTheSegmentIsFull) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  writeRecord(*partition, 0, "one");
  writeRecord(*partition, 0, "two");
  partition->flush();
  const auto buffer = reader.next();
  ASSERT_NE(buffer, nullptr) << reader.failure().toString();
  EXPECT_THAT(recordsOf(*buffer), ElementsAre("one", "two"));
  EXPECT_EQ(buffer->view.carriesHash, local());
  EXPECT_EQ(partition->buffersOut(), 1);
  EXPECT_EQ(partition->bytesOut(), 14);
}

TEST_P(ChannelTest, EndOfPartitionComesAfterTheLastRecord) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  writeRecord(*partition, 0, "last");
  ASSERT_TRUE(partition->finish().isOk());
  auto buffer = reader.next();
  ASSERT_NE(buffer, nullptr) << reader.failure().toString();
  EXPECT_THAT(recordsOf(*buffer), ElementsAre("last"));
  EXPECT_FALSE(reader.gate().finished());
  buffer = reader.next();
  ASSERT_NE(buffer, nullptr) << reader.failure().toString();
  EXPECT_EQ(buffer->event, ChannelEvent{ChannelEvent::Type::kEndOfPartition});
  EXPECT_TRUE(reader.gate().finished());
}

TEST_P(ChannelTest, PartitionOutlivesItsTaskUntilItIsTaken) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  writeRecord(*partition, 0, "late");
  ASSERT_TRUE(partition->finish().isOk());
  EXPECT_FALSE(partition->consumed());
  partition.reset();
  GateReader reader(makeGate(consumerWorker(), gate()));
  const auto buffer = reader.next();
  ASSERT_NE(buffer, nullptr) << reader.failure().toString();
  EXPECT_THAT(recordsOf(*buffer), ElementsAre("late"));
  ASSERT_NE(reader.next(), nullptr);
}

TEST_P(ChannelTest, RequestWaitsForItsPartition) {
  GateReader reader(makeGate(consumerWorker(), gate()));
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  writeRecord(*partition, 0, "here");
  partition->flush();
  EXPECT_NE(reader.next(), nullptr) << reader.failure().toString();
}

TEST_P(ChannelTest, ConsumptionIsTold) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  std::promise<void> told;
  partition->setAvailabilityCallback([&] {
    if (partition->consumed()) told.set_value();
  });
  GateReader reader(makeGate(consumerWorker(), gate()));
  ASSERT_TRUE(partition->finish().isOk());
  ASSERT_NE(reader.next(), nullptr);
  told.get_future().get();
  EXPECT_TRUE(partition->consumed());
}

TEST_P(ChannelTest, ReleaseReachesTheConsumerWithItsReason) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  writeRecord(*partition, 0, "x");
  partition->flush();
  ASSERT_NE(reader.next(), nullptr);
  partition->release(Status(ErrorCode::kUserCodeFailed, "map threw: out of cheese"));
  EXPECT_TRUE(partition->released());
  const Status failure = reader.nextFailure();
  EXPECT_EQ(failure.code(), ErrorCode::kConnectionLost);
  EXPECT_THAT(failure.toString(), HasSubstr("out of cheese"));
}

TEST_P(ChannelTest, TaskThatEndsWithoutFinishingReleasesItsPartition) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  partition.reset();
  EXPECT_EQ(reader.nextFailure().code(), ErrorCode::kConnectionLost);
}

TEST_P(ChannelTest, ConsumerThatLeavesDoesNotBlockTheProducer) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  std::promise<void> gone;
  partition->setAvailabilityCallback([&, done = false]() mutable {
    if (partition->consumed() && !std::exchange(done, true)) gone.set_value();
  });
  {
    GateReader reader(makeGate(consumerWorker(), gate()));
    writeRecord(*partition, 0, "x");
    partition->flush();
    ASSERT_NE(reader.next(), nullptr);
  }
  gone.get_future().get();
  for (int i = 0; i < 10'000; ++i) writeRecord(*partition, 0, std::string(1000, 'x'));
  EXPECT_TRUE(partition->finish().isOk());
  partition->setAvailabilityCallback(nullptr);
}

TEST_P(ChannelTest, MissingPartitionIsNamedAfterTheTimeout) {
  NetworkSettings impatient;
  impatient.partitionRequestTimeout = std::chrono::milliseconds(20);
  TestWorker worker(impatient);
  GateReader reader(
      makeGate(local() ? worker : other, gateSpec(1, 0, local() ? nullptr : &worker)));
  const Status failure = reader.nextFailure();
  EXPECT_EQ(failure.code(), ErrorCode::kPartitionNotFound);
  EXPECT_THAT(failure.message(), HasSubstr(partitionId(1).toString()));
}

TEST_P(ChannelTest, UnknownSubpartitionIsRefused) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate(1, 5)));
  EXPECT_EQ(reader.nextFailure().code(), ErrorCode::kInvalidArgument);
}

TEST_P(ChannelTest, WhatNobodyTookYetIsAddedToByTheNextFlush) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  for (int i = 0; i < 1000; ++i) {
    writeRecord(*partition, 0, "record " + std::to_string(i));
    partition->flush();
  }
  ASSERT_TRUE(partition->finish().isOk());
  GateReader reader(makeGate(consumerWorker(), gate()));
  std::vector<std::string> records;
  int buffers = 0;
  while (auto buffer = reader.next()) {
    if (buffer->event.has_value()) break;
    ++buffers;
    for (std::string& record : recordsOf(*buffer)) records.push_back(std::move(record));
  }
  ASSERT_EQ(records.size(), 1000U);
  EXPECT_EQ(records.back(), "record 999");
  EXPECT_LE(buffers, 2);
}

TEST_P(ChannelTest, CompressedExchangeGivesTheSameRecords) {
  PartitionSpec spec = partitionSpec(1, {local()});
  spec.compressed = true;
  auto partition = makePartition(producer, spec);
  GateReader reader(makeGate(consumerWorker(), gate()));
  const std::string shrinks(5000, 'a');
  std::string noise(5000, '\0');
  const auto rng = makeSeededRng(3);
  for (char& c : noise) c = static_cast<char>(rng->next());
  for (const std::string& record : {shrinks, noise}) {
    writeRecord(*partition, 0, record);
    partition->flush();
    const auto buffer = reader.next();
    ASSERT_NE(buffer, nullptr) << reader.failure().toString();
    EXPECT_THAT(recordsOf(*buffer), ElementsAre(record));
  }
}

TEST_P(ChannelTest, RecordLongerThanASegmentIsCutAndMarked) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  const std::string record(100'000, 'r');
  writeRecord(*partition, 0, "before");
  writeRecord(*partition, 0, record);
  writeRecord(*partition, 0, "after");
  ASSERT_TRUE(partition->finish().isOk());
  std::string all;
  std::vector<std::pair<bool, bool>> marks;
  while (auto buffer = reader.next()) {
    if (buffer->event.has_value()) break;
    all += asText(buffer->view.data);
    marks.emplace_back(buffer->view.startsInside, buffer->view.endsInside);
  }
  EXPECT_EQ(all.size(), 4 + 6 + 4 + record.size() + 4 + 5);
  using Mark = std::pair<bool, bool>;
  EXPECT_THAT(marks, ElementsAre(Mark(false, false), Mark(false, true), Mark(true, true),
                                 Mark(true, true), Mark(true, false)));
}

TEST_P(ChannelTest, StoppedEnvironmentFailsGatesAndPartitions) {
  auto partition = makePartition(producer, partitionSpec(1, {local()}));
  GateReader reader(makeGate(consumerWorker(), gate()));
  writeRecord(*partition, 0, "x");
  partition->flush();
  ASSERT_NE(reader.next(), nullptr);
  producer.stop();
  EXPECT_TRUE(partition->released());
  EXPECT_FALSE(reader.nextFailure().isOk());
}

TEST_P(ChannelTest, AllSegmentsComeBack) {
  {
    auto partition = makePartition(producer, partitionSpec(1, {local()}));
    auto gate_ = makeGate(consumerWorker(), gate());
    GateReader reader(std::move(gate_));
    for (int i = 0; i < 100; ++i) writeRecord(*partition, 0, std::string(1000, 'x'));
    partition->flush();
    ASSERT_NE(reader.next(), nullptr);
    partition->release(Status(ErrorCode::kCancelled, "cancelled"));
    (void)reader.nextFailure();
  }
  // What the io threads still hold comes back when they have run; they are stopped here.
  consumerWorker().stop();
  producer.stop();
  consumerWorker().transport().stop();
  producer.transport().stop();
  EXPECT_LE(producer.network().usedSegments(), 2);
  EXPECT_LE(consumerWorker().network().usedSegments(), 2);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChannelTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Local" : "Remote"; });

TEST(BackpressureTest, PartitionIsUnavailableWhenItsPoolIsUsedUp) {
  NetworkSettings settings;
  settings.maxBuffersPerChannel = 100;
  TestWorker worker(settings);
  auto partition = makePartition(worker, partitionSpec(1, {true}));
  int written = 0;
  while (partition->isAvailable()) {
    partition->nextSegment(0);
    writeRecord(*partition, 0, std::string(30'000, 'x'));
    ++written;
  }
  // One subpartition: 2 exclusive + 8 floating segments.
  EXPECT_EQ(written, 10);
  GateReader reader(makeGate(worker, gateSpec(1, 0, nullptr)));
  int taken = 0;
  while (!partition->isAvailable()) {
    ASSERT_NE(reader.next(), nullptr);
    ++taken;
  }
  EXPECT_GE(taken, 4);
}

TEST(BackpressureTest, PartitionIsUnavailableWhenAChannelHasItsShare) {
  TestWorker worker;
  auto partition = makePartition(worker, partitionSpec(1, {true, true, true, true}));
  int written = 0;
  while (partition->isAvailable()) {
    writeRecord(*partition, 2, std::string(30'000, 'x'));
    ++written;
  }
  EXPECT_EQ(written, 11);  // ten queued, one in the window
}

TEST(BackpressureTest, EmitPastTheOverdraftWaitsForRoom) {
  TestWorker worker({}, 1);
  ProducerPlan plan;
  plan.greedy = true;
  plan.recordsPerChannel = 30'000;
  TestProducer producer(makePartition(worker, partitionSpec(1, {true})), plan);
  TestConsumer consumer(makeGate(worker, gateSpec(1, 0, nullptr)));
  producer.start(worker.executor());
  consumer.start(worker.executor());
  producer.join();
  consumer.join();
  EXPECT_EQ(consumer.problem(), "");
  EXPECT_EQ(consumer.records(), 30'000U);
  EXPECT_EQ(producer.mostStepsInOne(), 1);
}

TEST(BackpressureTest, ReleaseEndsTheWait) {
  TestWorker worker;
  ProducerPlan plan;
  plan.greedy = true;
  plan.recordsPerChannel = 100'000;
  TestProducer producer(makePartition(worker, partitionSpec(1, {true})), plan);
  producer.start(worker.executor());
  while (producer.partition().isAvailable()) std::this_thread::yield();
  producer.partition().release(Status(ErrorCode::kCancelled, "cancelled"));
  producer.join();
}

TEST(CreditTest, ChannelWithoutExclusiveBuffersLivesOnFloatingOnes) {
  NetworkSettings settings;
  settings.buffersPerChannel = 0;
  TestWorker producer(settings);
  TestWorker consumer(settings);
  ProducerPlan plan;
  plan.recordsPerChannel = 20'000;
  TestProducer source(makePartition(producer, partitionSpec(1, {false})), plan);
  TestConsumer sink(makeGate(consumer, gateSpec(1, 0, &producer)));
  source.start(producer.executor());
  sink.start(consumer.executor());
  source.join();
  sink.join();
  EXPECT_EQ(sink.failure().toString(), Status::ok().toString());
  EXPECT_EQ(sink.records(), 20'000U);
}

TEST(ConnectTest, RefusedConnectionIsTriedAgainThenReported) {
  NetworkSettings settings;
  settings.requestBackoffInitial = std::chrono::milliseconds(1);
  settings.requestBackoffMax = std::chrono::milliseconds(4);
  TestWorker consumer(settings);
  GateSpec spec = gateSpec(1, 0, &consumer);
  spec.channels[0].dataPort = 1;  // nobody listens there
  GateReader reader(makeGate(consumer, spec));
  const Status failure = reader.nextFailure();
  EXPECT_EQ(failure.code(), ErrorCode::kConnectionLost);
  EXPECT_THAT(failure.toString(), HasSubstr("localhost:1"));
}

TEST(BlockingTest, FinishedPartitionIsReadLocallyAndRemotelyMoreThanOnce) {
  for (const bool compressed : {false, true}) {
    TestWorker producer;
    TestWorker other;
    PartitionSpec spec = partitionSpec(1, {true, false});
    spec.blocking = true;
    spec.compressed = compressed;
    ProducerPlan plan;
    plan.recordsPerChannel = 20'000;
    plan.largeEvery = 500;
    TestProducer source(makePartition(producer, spec), plan);
    source.start(producer.executor());
    source.join();
    ASSERT_TRUE(source.finishStatus().isOk()) << source.finishStatus().toString();
    EXPECT_TRUE(source.partition().consumed());
    for (int round = 0; round < 2; ++round) {
      TestConsumer here(makeGate(producer, gateSpec(1, 0, nullptr)));
      TestConsumer there(makeGate(other, gateSpec(1, 1, &producer)));
      here.start(producer.executor());
      there.start(other.executor());
      here.join();
      there.join();
      EXPECT_EQ(here.problem() + there.problem(), "");
      EXPECT_EQ(here.failure().toString() + there.failure().toString(), "OKOK");
      EXPECT_EQ(here.records(), 20'000U);
      EXPECT_EQ(there.records(), 20'000U);
    }
    producer.network().releasePartition(partitionId(1));
  }
}

TEST(MemoryTest, TooManyChannelsForTheNetworkMemoryIsAnError) {
  NetworkSettings settings;
  settings.networkBytes = 10 * settings.segmentBytes;
  TestWorker worker(settings);
  EXPECT_EQ(worker.network().totalSegments(), 10);
  auto refused =
      worker.network().createPartition(partitionSpec(1, std::vector<bool>(10, true)), nullptr);
  ASSERT_FALSE(refused.isOk());
  EXPECT_EQ(refused.status().code(), ErrorCode::kInsufficientNetworkBuffers);
}

}  // namespace
}  // namespace flink::network
