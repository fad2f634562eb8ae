#include "dataflow/network/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/frame_reader.h"

namespace flink::network {
namespace {

constexpr std::uint32_t kSegmentBytes = 8192;

/// Gives out segments of its own and counts them.
class CountingOwner final : public SegmentOwner,
                            public std::enable_shared_from_this<CountingOwner> {
 public:
  Buffer make() {
    ++out;
    return {new std::byte[kSegmentBytes], shared_from_this(), 0};
  }
  void recycle(std::byte* segment, std::uint32_t /*channel*/) override {
    --out;
    delete[] segment;
  }
  int out = 0;
};

/// Remembers what the reader found.
class RecordingSink final : public FrameSink {
 public:
  Result<Buffer> onBufferStart(const FrameHeader& header) override {
    if (header.channel == kSkipped) return Buffer();
    return owner->make();
  }
  Status onBufferComplete(const FrameHeader& header, Buffer buffer) override {
    found.emplace_back(header.channel,
                       std::string(reinterpret_cast<const char*>(buffer.data()), header.length));
    return Status::ok();
  }
  Status onFrame(const FrameHeader& header, ByteView payload) override {
    found.emplace_back(header.channel, std::string(asText(payload)));
    return Status::ok();
  }
  static constexpr std::uint32_t kSkipped = 77;
  std::shared_ptr<CountingOwner> owner = std::make_shared<CountingOwner>();
  std::vector<std::pair<std::uint32_t, std::string>> found;
};

Bytes bufferFrame(std::uint32_t channel, const std::string& content) {
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(content.size());
  header.type = FrameType::kBuffer;
  header.channel = channel;
  Bytes frame(kFrameHeaderBytes, '\0');
  encodeFrameHeader(header, reinterpret_cast<std::byte*>(frame.data()));
  return frame + content;
}

/// Feeds `stream` in pieces of random sizes; stops at the first error.
Status feed(FrameReader& reader, std::string_view stream, Rng& rng, std::size_t maxPiece) {
  while (!stream.empty()) {
    const MutableByteView target = reader.target();
    EXPECT_GT(target.size(), 0U);
    const std::size_t size =
        std::min({target.size(), stream.size(), 1 + static_cast<std::size_t>(rng.below(maxPiece))});
    std::memcpy(target.data(), stream.data(), size);
    stream.remove_prefix(size);
    FLINK_RETURN_IF_ERROR(reader.onRead(size));
  }
  return Status::ok();
}

TEST(FrameTest, HeaderRoundTrips) {
  FrameHeader header;
  header.length = 1234;
  header.type = FrameType::kBuffer;
  header.flags = buffer_flag::kCompressed | buffer_flag::kEndsInside;
  header.channel = 7;
  header.sequence = 99;
  header.value = 3;
  std::byte bytes[kFrameHeaderBytes];
  encodeFrameHeader(header, bytes);
  const auto decoded = decodeFrameHeader(bytes, FrameReaderSide::kConsumer, kSegmentBytes);
  ASSERT_TRUE(decoded.isOk()) << decoded.status().toString();
  EXPECT_EQ(decoded->length, 1234U);
  EXPECT_EQ(decoded->flags, header.flags);
  EXPECT_EQ(decoded->channel, 7U);
  EXPECT_EQ(decoded->sequence, 99U);
  EXPECT_EQ(decoded->value, 3U);
}

TEST(FrameTest, PartitionRequestRoundTrips) {
  PartitionRequest request;
  const auto rng = makeSeededRng(5);
  request.partition.dataSet = IntermediateDataSetId::random(*rng);
  request.partition.producer.job = JobId::random(*rng);
  request.partition.producer.vertex = JobVertexId::random(*rng);
  request.partition.producer.subtask = 12;
  request.partition.producer.attempt = 3;
  request.subpartition = 4;
  request.pausesAtBarriers = true;
  const Bytes frame = encodePartitionRequest(9, 2, request);
  const auto header = decodeFrameHeader(reinterpret_cast<const std::byte*>(frame.data()),
                                        FrameReaderSide::kProducer, kSegmentBytes);
  ASSERT_TRUE(header.isOk());
  EXPECT_EQ(header->value, 2U);
  const auto decoded = decodePartitionRequest(*header, asBytes(frame).subspan(kFrameHeaderBytes));
  ASSERT_TRUE(decoded.isOk());
  EXPECT_EQ(decoded->partition, request.partition);
  EXPECT_EQ(decoded->subpartition, 4);
  EXPECT_TRUE(decoded->pausesAtBarriers);
}

TEST(FrameTest, ErrorKeepsIdMessageAndCauses) {
  const Status reason = Status(ErrorCode::kPartitionNotFound, "no partition: x")
                            .causedBy(Status(ErrorCode::kCancelled, "cancelled"));
  const Bytes frame = encodeErrorFrame(1, reason);
  const Status decoded = decodeError(asBytes(frame).subspan(kFrameHeaderBytes));
  EXPECT_EQ(decoded.code(), ErrorCode::kPartitionNotFound);
  EXPECT_EQ(decoded.message(), "no partition: x; caused by: FLINK-GEN-004: cancelled");
}

TEST(FrameTest, LongErrorIsCut) {
  const Bytes frame = encodeErrorFrame(1, Status(ErrorCode::kInternal, std::string(100'000, 'x')));
  EXPECT_EQ(frame.size(), kFrameHeaderBytes + kMaxErrorBytes);
}

TEST(FrameTest, TypesOfTheOtherDirectionAreRefused) {
  const Bytes credit = encodeBareFrame(FrameType::kAddCredit, 1, 1);
  const auto* bytes = reinterpret_cast<const std::byte*>(credit.data());
  EXPECT_TRUE(decodeFrameHeader(bytes, FrameReaderSide::kProducer, kSegmentBytes).isOk());
  EXPECT_EQ(decodeFrameHeader(bytes, FrameReaderSide::kConsumer, kSegmentBytes).status().code(),
            ErrorCode::kCorruptData);
}

TEST(FrameTest, LengthsAreCheckedByType) {
  const Bytes tooLong = bufferFrame(1, std::string(kSegmentBytes + 1, 'x'));
  EXPECT_EQ(decodeFrameHeader(reinterpret_cast<const std::byte*>(tooLong.data()),
                              FrameReaderSide::kConsumer, kSegmentBytes)
                .status()
                .code(),
            ErrorCode::kLimitExceeded);
}

Bytes eventFrame(const ChannelEvent& event) {
  Bytes frame(kFrameHeaderBytes + kMaxEventBytes, '\0');
  auto* out = reinterpret_cast<std::byte*>(frame.data());
  const std::size_t size = encodeEventPayload(event, out + kFrameHeaderBytes);
  FrameHeader header;
  header.length = static_cast<std::uint32_t>(size + event.payload.size());
  header.type = FrameType::kEvent;
  header.value = static_cast<std::uint32_t>(event.type);
  encodeFrameHeader(header, out);
  frame.resize(kFrameHeaderBytes + size);
  return frame + event.payload;
}

TEST(FrameTest, EventsRoundTripAndTheirLengthsAreCheckedByKind) {
  using Type = ChannelEvent::Type;
  for (const ChannelEvent& event :
       {ChannelEvent{}, ChannelEvent{Type::kCheckpointBarrier, ~0ULL, -5, 255},
        ChannelEvent{Type::kCheckpointBarrier, 1, 2, 3, "where its files go"},
        ChannelEvent{Type::kCancelCheckpoint, 42},
        ChannelEvent{Type::kEndOfData, 0, 0, ChannelEvent::kDrained}}) {
    Bytes frame = eventFrame(event);
    const auto decode = [&frame] {
      return decodeFrameHeader(reinterpret_cast<const std::byte*>(frame.data()),
                               FrameReaderSide::kConsumer, kSegmentBytes);
    };
    const auto header = decode();
    ASSERT_TRUE(header.isOk()) << header.status().toString();
    EXPECT_EQ(decodeEvent(*header, asBytes(frame).subspan(kFrameHeaderBytes)), event);
    const std::uint32_t shortest =
        header->length - static_cast<std::uint32_t>(event.payload.size());
    const std::uint32_t longest = shortest + (event.type == Type::kCheckpointBarrier
                                                  ? std::uint32_t{ChannelEvent::kMaxPayloadBytes}
                                                  : 0);
    for (std::uint32_t length = 0; length < 5000; ++length) {
      std::memcpy(frame.data(), &length, sizeof length);
      EXPECT_EQ(decode().isOk(), length >= shortest && length <= longest) << length;
    }
  }
}

TEST(FrameTest, UnknownEventsAreRefused) {
  for (const std::uint32_t type : {0U, 5U, 6U, 99U, 0x102U, ~0U}) {
    const Bytes frame = encodeBareFrame(FrameType::kEvent, 1, type);
    EXPECT_EQ(decodeFrameHeader(reinterpret_cast<const std::byte*>(frame.data()),
                                FrameReaderSide::kConsumer, kSegmentBytes)
                  .status()
                  .code(),
              ErrorCode::kCorruptData);
  }
}

TEST(FrameReaderTest, PiecesOfAnySizeGiveTheSameFrames) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto rng = makeSeededRng(seed);
    std::vector<std::pair<std::uint32_t, std::string>> sent;
    Bytes stream;
    for (int i = 0; i < 40; ++i) {
      const auto channel =
          static_cast<std::uint32_t>(rng->below(3) == 0 ? RecordingSink::kSkipped : rng->below(5));
      if (rng->below(4) == 0) {
        stream += encodeBareFrame(FrameType::kBacklog, channel, 1);
        sent.emplace_back(channel, "");
        continue;
      }
      const std::string content(
          1 + rng->below(rng->below(2) == 0 ? 100 : kSegmentBytes - kFrameHeaderBytes),
          static_cast<char>('a' + i % 26));
      stream += bufferFrame(channel, content);
      if (channel != RecordingSink::kSkipped) sent.emplace_back(channel, content);
    }
    RecordingSink sink;
    FrameReader reader(FrameReaderSide::kConsumer, kSegmentBytes, 0, sink);
    ASSERT_TRUE(feed(reader, stream, *rng, seed % 2 == 0 ? 50 : 20'000).isOk());
    EXPECT_EQ(sink.found, sent);
    EXPECT_EQ(sink.owner->out, 0);
  }
}

TEST(FrameReaderTest, MutatedStreamsNeverCrash) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto rng = makeSeededRng(seed);
    Bytes stream;
    for (int i = 0; i < 5; ++i)
      stream += bufferFrame(static_cast<std::uint32_t>(i), std::string(1 + rng->below(300), 'x'));
    stream += eventFrame({ChannelEvent::Type::kCheckpointBarrier, 3, 4, 5});
    stream += eventFrame({ChannelEvent::Type::kEndOfData});
    stream += encodeErrorFrame(1, Status(ErrorCode::kInternal, "reason"));
    stream += encodePartitionRequest(1, 2, {});
    const std::uint64_t mutations = 1 + rng->below(8);
    for (std::uint64_t m = 0; m < mutations; ++m) {
      switch (rng->below(3)) {
        case 0:
          stream[rng->below(stream.size())] = static_cast<char>(rng->next());
          break;
        case 1:
          stream.erase(rng->below(stream.size()), 1 + rng->below(20));
          break;
        default:
          stream.insert(rng->below(stream.size()), 1 + rng->below(20),
                        static_cast<char>(rng->next()));
      }
    }
    const FrameReaderSide side =
        rng->below(2) == 0 ? FrameReaderSide::kConsumer : FrameReaderSide::kProducer;
    RecordingSink sink;
    {
      FrameReader reader(side, kSegmentBytes, 0, sink);
      const Status result = feed(reader, stream, *rng, 500);
      if (!result.isOk()) {
        EXPECT_THAT(result.code(),
                    testing::AnyOf(ErrorCode::kCorruptData, ErrorCode::kLimitExceeded));
      }
    }
    EXPECT_EQ(sink.owner->out, 0);
  }
}

TEST(FrameReaderTest, RandomPayloadsOfRequestsAndErrorsDecodeOrFail) {
  const auto rng = makeSeededRng(11);
  for (int i = 0; i < 2000; ++i) {
    std::string payload(rng->below(200), '\0');
    for (char& c : payload) c = static_cast<char>(rng->next());
    EXPECT_EQ(decodePartitionRequest({}, asBytes(payload)).isOk(),
              payload.size() == kPartitionRequestBytes);
    EXPECT_FALSE(decodeError(asBytes(payload)).isOk());
  }
}

}  // namespace
}  // namespace flink::network
