#include "cluster/protocol/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/error_codes.h"
#include "random_value.h"

namespace flink::protocol {
namespace {

using test::fill;
using test::same;

template <class... Requests>
struct RequestList {
  using All = std::tuple<Requests..., typename Requests::Response...>;
  static constexpr std::array kMethods = {Requests::kMethod...};
};
using Requests =
    RequestList<GetVersionRequest, SubmitJobRequest, ListJobsRequest, GetJobRequest,
                CancelJobRequest, WaitJobRequest, GetOverviewRequest, ListTaskManagersRequest,
                GetTaskManagerRequest, ListLogsRequest, ReadLogRequest, GetMetricsRequest,
                CollectResultsRequest, HasBlobRequest, PutBlobChunkRequest, GetBlobChunkRequest,
                RegisterTaskManagerRequest, HeartbeatRequest, UnregisterTaskManagerRequest,
                TaskStateChangedRequest, WorkerEndedRequest, CoordinatorFailedRequest,
                OperatorEventRequest, DeliverOperatorEventRequest, CollectedRecordsRequest,
                SubmitTasksRequest, CancelTasksRequest, ReleaseJobRequest, ReleasePartitionsRequest,
                ListTaskManagerLogsRequest, ReadTaskManagerLogRequest, StartWorkerRequest,
                AdoptConnectionRequest, WorkerReportRequest, StopWorkerRequest, ProgramStartRequest,
                ProgramFinishedRequest, TriggerSnapshotRequest, WaitSnapshotRequest,
                GetCheckpointsRequest, DisposeSavepointRequest, AcknowledgeCheckpointRequest,
                DeclineCheckpointRequest, TriggerCheckpointRequest, NotifyCheckpointRequest>;
using Messages = decltype(std::tuple_cat(
    std::declval<Requests::All>(), std::declval<std::tuple<JobGraph, JobResult, ClusterEvent>>()));

template <class Fn, class... T>
void forEachMessage(Fn fn, std::type_identity<std::tuple<T...>>) {
  (fn(std::type_identity<T>{}), ...);
}
template <class Fn>
void forEachMessage(Fn fn) {
  forEachMessage(fn, std::type_identity<Messages>{});
}

TEST(CodecTest, EveryMessageComesBackAsItWas) {
  const auto rng = makeSeededRng(1);
  forEachMessage([&]<class T>(std::type_identity<T>) {
    for (int i = 0; i < 50; ++i) {
      T value;
      fill(value, *rng);
      const auto decoded = decode<T>(asBytes(encode(value)));
      ASSERT_TRUE(decoded) << __PRETTY_FUNCTION__ << decoded.status().toString();
      ASSERT_TRUE(same(*decoded, value)) << __PRETTY_FUNCTION__ << " round " << i;
    }
  });
}

TEST(CodecTest, EqualValuesHaveEqualBytes) {
  forEachMessage([]<class T>(std::type_identity<T>) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const auto rng = makeSeededRng(seed);
      T value;
      fill(value, *rng);
      const Bytes bytes = encode(value);
      ASSERT_EQ(encode(T(value)), bytes);
      ASSERT_EQ(encode(*decode<T>(asBytes(bytes))), bytes) << __PRETTY_FUNCTION__;
    }
  });
}

TEST(CodecTest, MethodNumbersAreUnique) {
  const std::set<Method> methods(Requests::kMethods.begin(), Requests::kMethods.end());
  EXPECT_EQ(methods.size(), Requests::kMethods.size());
}

Bytes mutate(Bytes bytes, Rng& rng) {
  for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
    const std::size_t at = bytes.empty() ? 0 : rng.below(bytes.size());
    switch (rng.below(4)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(rng.next());
        break;
      case 1:
        bytes.resize(at);
        break;
      case 2:
        bytes.insert(at, 1 + rng.below(3), static_cast<char>(rng.next()));
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.below(8)));
    }
  }
  return bytes;
}

TEST(CodecTest, DamagedMessagesGiveAnErrorOrAValue) {
  const auto rng = makeSeededRng(2);
  forEachMessage([&]<class T>(std::type_identity<T>) {
    for (int i = 0; i < 100; ++i) {
      T value;
      fill(value, *rng);
      const auto decoded = decode<T>(asBytes(mutate(encode(value), *rng)));
      if (decoded) continue;
      const ErrorCode code = decoded.status().code();
      ASSERT_TRUE(code == ErrorCode::kBadFrame || code == ErrorCode::kLimitExceeded)
          << decoded.status().toString();
    }
  });
}

TEST(CodecTest, RandomBytesGiveAnErrorOrAValue) {
  const auto rng = makeSeededRng(3);
  forEachMessage([&]<class T>(std::type_identity<T>) {
    for (int i = 0; i < 50; ++i) {
      Bytes bytes(rng->below(64), '\0');
      std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(rng->next()); });
      const auto decoded = decode<T>(asBytes(bytes));
      if (!decoded) {
        ASSERT_TRUE(decoded.status().code() == ErrorCode::kBadFrame);
      }
    }
  });
}

TEST(CodecTest, IdOfWrongLengthIsRefused) {
  // field 1, length-delimited, three bytes
  const auto decoded =
      decode<GetJobRequest>(asBytes(std::string("\x0a\x03"
                                                "abc")));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kBadFrame);
}

TEST(CodecTest, UnknownStateIsRefused) {
  const auto decoded = decode<WaitJobRequest::Response>(asBytes(std::string("\x08\x63")));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kBadFrame);
}

TEST(CodecTest, MessageOverTheFrameLimitIsRefusedUnread) {
  const Bytes bytes(kMaxFrameBytes + 1, '\0');
  const auto decoded = decode<JobGraph>(asBytes(bytes));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kLimitExceeded);
}

TEST(CodecTest, MillionsOfEmptyObjectsInOneFrameAreRefused) {
  Bytes bytes;  // vertices (field 4) of no bytes: two bytes on the wire, over a hundred in memory
  bytes.reserve(kMaxFrameBytes);
  while (bytes.size() < kMaxFrameBytes / 4) bytes += std::string_view("\x22\x00", 2);
  const auto decoded = decode<JobGraph>(asBytes(bytes));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kLimitExceeded);
}

TEST(CodecTest, DeeplyNestedCausesAreRefused) {
  Bytes bytes;
  for (int depth = 0; depth < 200; ++depth) {
    Bytes outer("\x2a");  // ExceptionEntry.concurrent
    for (std::size_t size = bytes.size(); true; size >>= 7) {
      outer.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
      if (size <= 0x7f) break;
    }
    bytes = outer + bytes;
  }
  Bytes details("\x42");  // JobDetails.exceptions
  for (std::size_t size = bytes.size(); true; size >>= 7) {
    details.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
    if (size <= 0x7f) break;
  }
  const auto decoded = decode<JobDetails>(asBytes(details + bytes));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kBadFrame);
}

TEST(EnvelopeTest, ComesBackAsItWas) {
  Envelope envelope;
  envelope.kind = EnvelopeKind::kError;
  envelope.method = Method::kSubmitTasks;
  envelope.requestId = 77;
  envelope.sender = "taskmanager";
  envelope.epoch = static_cast<Epoch>(9);
  envelope.deadlineMs = 1234;
  envelope.errorId = "FLINK-TM-001";
  envelope.errorMessage = "slot occupied";
  envelope.body = std::string("\0\xff body", 7);
  envelope.stream = 1ULL << 62;
  envelope.sequence = 12;
  envelope.streamBase = 11;
  const auto decoded = decodeEnvelope(asBytes(encodeEnvelope(envelope)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->kind, envelope.kind);
  EXPECT_EQ(decoded->method, envelope.method);
  EXPECT_EQ(decoded->requestId, envelope.requestId);
  EXPECT_EQ(decoded->sender, envelope.sender);
  EXPECT_EQ(decoded->epoch, envelope.epoch);
  EXPECT_EQ(decoded->deadlineMs, envelope.deadlineMs);
  EXPECT_EQ(decoded->errorId, envelope.errorId);
  EXPECT_EQ(decoded->errorMessage, envelope.errorMessage);
  EXPECT_EQ(decoded->body, envelope.body);
  EXPECT_EQ(decoded->stream, envelope.stream);
  EXPECT_EQ(decoded->sequence, envelope.sequence);
  EXPECT_EQ(decoded->streamBase, envelope.streamBase);
}

TEST(EnvelopeTest, OtherProtocolVersionIsRefused) {
  Envelope envelope;
  envelope.protocolVersion = kProtocolVersion + 1;
  const auto decoded = decodeEnvelope(asBytes(encodeEnvelope(envelope)));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.status().code(), ErrorCode::kBadFrame);
  EXPECT_THAT(decoded.status().message(), testing::HasSubstr("version=2 ours=1"));
}

TEST(EnvelopeTest, MethodOfALaterReleaseDecodes) {
  Envelope envelope;
  envelope.method = static_cast<Method>(9999);
  const auto decoded = decodeEnvelope(asBytes(encodeEnvelope(envelope)));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(static_cast<int>(decoded->method), 9999);
}

TEST(EnvelopeTest, DamagedFramesGiveAnErrorOrAnEnvelope) {
  const auto rng = makeSeededRng(4);
  Envelope envelope;
  envelope.sender = "client";
  envelope.body = "body";
  for (int i = 0; i < 2000; ++i) {
    const auto decoded = decodeEnvelope(asBytes(mutate(encodeEnvelope(envelope), *rng)));
    if (!decoded) {
      ASSERT_EQ(decoded.status().code(), ErrorCode::kBadFrame);
    }
  }
  EXPECT_EQ(decodeEnvelope(asBytes(Bytes(kMaxFrameBytes + 1, 'x'))).status().code(),
            ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace flink::protocol
