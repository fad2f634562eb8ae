#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/base/error_codes.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/frame.h"
#include "tests/dataflow/network/test_tasks.h"
#include "tests/dataflow/network/test_worker.h"

namespace flink::network {
namespace {

/// A socket that speaks to a worker without being one.
OwnedFd connectTo(int port) {
  OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

void sendAll(const OwnedFd& socket, const Bytes& bytes) {
  (void)!::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

/// Reads until the peer closes.
void drain(const OwnedFd& socket) {
  char buffer[4096];
  while (::recv(socket.get(), buffer, sizeof buffer, 0) > 0) {
  }
}

Bytes frame(FrameHeader header, const std::string& payload) {
  header.length = static_cast<std::uint32_t>(payload.size());
  Bytes bytes(kFrameHeaderBytes, '\0');
  encodeFrameHeader(header, reinterpret_cast<std::byte*>(bytes.data()));
  return bytes + payload;
}

std::unique_ptr<ResultPartition> partitionOf(TestWorker& worker, int number) {
  PartitionSpec spec;
  spec.id = partitionId(number);
  spec.owner = "producer";
  spec.localConsumers = {false};
  return std::move(worker.network().createPartition(spec, nullptr)).value();
}

TEST(HostileConsumerTest, MutatedFramesCloseTheConnectionAndNothingElse) {
  TestWorker worker;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto rng = makeSeededRng(seed);
    const int number = static_cast<int>(seed);
    auto partition = partitionOf(worker, number);
    writeRecord(*partition, 0, "record");
    partition->flush();
    ASSERT_TRUE(partition->broadcastEvent({ChannelEvent::Type::kCheckpointBarrier, 1}).isOk());
    Bytes stream = encodePartitionRequest(1, 2, {partitionId(number), 0, rng->below(2) == 0});
    for (std::uint64_t i = 0; i < 1 + rng->below(5); ++i)
      stream += encodeBareFrame(FrameType::kAddCredit, 1, 2);
    stream += encodeBareFrame(FrameType::kResumeChannel, 1, 0);
    stream += encodeBareFrame(FrameType::kCloseChannel, 1, 0);
    for (std::uint64_t m = 0; m < 1 + rng->below(6); ++m)
      stream[rng->below(stream.size())] = static_cast<char>(rng->next());
    const OwnedFd socket = connectTo(worker.port());
    sendAll(socket, TestWorker::kHello + stream);
    ::shutdown(socket.get(), SHUT_WR);
    drain(socket);
  }
  // The worker still serves.
  TestWorker other;
  auto partition = partitionOf(worker, 0);
  GateSpec spec;
  spec.owner = "consumer";
  spec.channels.push_back({partitionId(0), 0, false, "localhost", worker.port()});
  GateReader reader(std::move(other.network().createGate(spec, nullptr)).value());
  writeRecord(*partition, 0, "record");
  partition->flush();
  EXPECT_NE(reader.next(), nullptr) << reader.failure().toString();
}

TEST(HostileConsumerTest, CreditBeyondTheLimitClosesTheConnection) {
  TestWorker worker;
  auto partition = partitionOf(worker, 1);
  const OwnedFd socket = connectTo(worker.port());
  sendAll(socket, TestWorker::kHello + encodePartitionRequest(1, kMaxCredit, {partitionId(1), 0}) +
                      encodeBareFrame(FrameType::kAddCredit, 1, kMaxCredit));
  drain(socket);
}

TEST(HostileConsumerTest, ChannelIdInUseClosesTheConnection) {
  TestWorker worker;
  auto partition = partitionOf(worker, 1);
  const OwnedFd socket = connectTo(worker.port());
  const Bytes request = encodePartitionRequest(1, 1, {partitionId(1), 0});
  sendAll(socket, TestWorker::kHello + request + request);
  drain(socket);
}

/// A producer that answers the first request with whatever the test wants.
class HostileProducerTest : public testing::Test {
 protected:
  /// `blocked`: the consumer takes nothing and hears of the failure all the same.
  Status failureAfter(const Bytes& answer, bool blocked = false) {
    TestDataPort port(TestWorker::kHello, [&](OwnedFd socket) {
      std::byte request[kFrameHeaderBytes + kPartitionRequestBytes];
      if (::recv(socket.get(), request, sizeof request, MSG_WAITALL) != sizeof request) return;
      sendAll(socket, answer);
      ::shutdown(socket.get(), SHUT_WR);
      drain(socket);
    });
    GateSpec spec;
    spec.owner = "consumer";
    spec.channels.push_back({partitionId(1), 0, false, "localhost", port.port()});
    GateReader reader(std::move(worker.network().createGate(spec, nullptr)).value());
    if (blocked) reader.gate().blockChannel(0);
    return reader.nextFailure();
  }

  static FrameHeader buffer(std::uint32_t sequence) {
    FrameHeader header;
    header.type = FrameType::kBuffer;
    header.channel = 1;
    header.sequence = sequence;
    return header;
  }

  TestWorker worker;
};

TEST_F(HostileProducerTest, BufferWithoutCreditIsRefused) {
  Bytes answer;
  for (std::uint32_t i = 0; i < 50; ++i) answer += frame(buffer(i), std::string(100, 'x'));
  // The reader gives buffers back, so some of them have credit; all fifty at once have not.
  EXPECT_FALSE(failureAfter(answer).isOk());
}

TEST_F(HostileProducerTest, SequenceOutOfOrderIsRefused) {
  const Status failure = failureAfter(frame(buffer(0), "abc") + frame(buffer(2), "abc"));
  EXPECT_EQ(failure.code(), ErrorCode::kCorruptData);
}

TEST_F(HostileProducerTest, UnknownEventIsRefused) {
  FrameHeader event = buffer(0);
  event.type = FrameType::kEvent;
  event.value = 99;
  EXPECT_EQ(failureAfter(frame(event, "")).code(), ErrorCode::kCorruptData);
}

TEST_F(HostileProducerTest, EventOfTheWrongLengthIsRefused) {
  for (std::uint32_t kind = 1; kind <= 4; ++kind) {
    FrameHeader event = buffer(0);
    event.type = FrameType::kEvent;
    event.value = kind;
    for (const std::size_t length : {std::size_t{18}, 18 + ChannelEvent::kMaxPayloadBytes}) {
      const bool mayBe = kind == 2 && length == 18;  // a barrier with a payload
      if (mayBe) continue;
      EXPECT_EQ(failureAfter(frame(event, std::string(length, 'x'))).code(),
                ErrorCode::kLimitExceeded);
    }
  }
}

TEST_F(HostileProducerTest, BufferAfterTheEndOfDataIsRefused) {
  FrameHeader event = buffer(0);
  event.type = FrameType::kEvent;
  event.value = static_cast<std::uint32_t>(ChannelEvent::Type::kEndOfData);
  EXPECT_EQ(failureAfter(frame(event, "\x01") + frame(buffer(1), "abc")).code(),
            ErrorCode::kCorruptData);
}

TEST_F(HostileProducerTest, FloodOfEventsIsRefused) {
  Bytes answer;
  for (std::uint32_t i = 0; i <= kMaxWaitingEvents; ++i) {
    FrameHeader event = buffer(i);
    event.type = FrameType::kEvent;
    event.value = static_cast<std::uint32_t>(ChannelEvent::Type::kCancelCheckpoint);
    answer += frame(event, "8 bytes.");
  }
  EXPECT_EQ(failureAfter(answer, true).code(), ErrorCode::kLimitExceeded);
}

TEST_F(HostileProducerTest, BufferLongerThanASegmentIsRefused) {
  EXPECT_EQ(failureAfter(frame(buffer(0), std::string((32 << 10) + 1, 'x'))).code(),
            ErrorCode::kLimitExceeded);
}

TEST_F(HostileProducerTest, DamagedCompressedBufferIsRefused) {
  FrameHeader header = buffer(0);
  header.flags = buffer_flag::kCompressed;
  // Content is looked at when the task takes it; the peer's leaving may be seen before that.
  const ErrorCode code = failureAfter(frame(header, std::string(1000, '\xff'))).code();
  EXPECT_TRUE(code == ErrorCode::kCorruptData || code == ErrorCode::kConnectionLost);
}

TEST_F(HostileProducerTest, EarlyEndIsALostConnection) {
  EXPECT_EQ(failureAfter("").code(), ErrorCode::kConnectionLost);
}

TEST_F(HostileProducerTest, MutatedStreamsNeverCrash) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto rng = makeSeededRng(seed);
    Bytes answer;
    for (std::uint32_t i = 0; i < 2; ++i)
      answer += frame(buffer(i), std::string(1 + rng->below(200), 'x'));
    FrameHeader event = buffer(2);
    event.type = FrameType::kEvent;
    event.value = static_cast<std::uint32_t>(ChannelEvent::Type::kCheckpointBarrier);
    answer += frame(event, std::string(17, 'b'));
    answer += encodeErrorFrame(1, Status(ErrorCode::kInternal, "reason"));
    for (std::uint64_t m = 0; m < 1 + rng->below(6); ++m)
      answer[rng->below(answer.size())] = static_cast<char>(rng->next());
    EXPECT_FALSE(failureAfter(answer, seed % 2 == 0).isOk());
  }
}

}  // namespace
}  // namespace flink::network
