#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/types/key_hash.h"
#include "core/types/segment_writer.h"
#include "core/types/serializer.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/wire_record.h"

namespace flink::operators {

/// Serializes records into the windows of an edge's channels.
/// Thread: the task's step.
template <class T>
class RecordSerializer {
 public:
  explicit RecordSerializer(types::SegmentWriter& writer) : writer_(writer) {}

  /// Appends one record to a channel. `prefix` is what stands between length and payload (nothing
  /// or a KeyPrefix).
  template <class Prefix>
  void write(int channel, const Prefix& prefix, const T& record) {
    types::SegmentWriter::Window& window = writer_.window(channel);
    if (tryWrite(window, prefix, record)) [[likely]]
      return;
    writeInNextSegment(channel, window, prefix, record);
  }

 private:
  template <class Prefix>
  static bool tryWrite(types::SegmentWriter::Window& window, const Prefix& prefix,
                       const T& record) {
    types::SegmentSink sink{window.pos, window.end};
    std::byte* header = sink.claim(wire::kLengthBytes + prefix.size());
    if (header == nullptr || !types::writeValue(record, sink)) [[unlikely]]
      return false;
    wire::putWord(header, static_cast<std::size_t>(sink.pos - header) - wire::kLengthBytes,
                  Prefix::kFlags);
    prefix.put(header + wire::kLengthBytes);
    window.pos = sink.pos;
    return true;
  }

  template <class Prefix>
  [[gnu::noinline]] void writeInNextSegment(int channel, types::SegmentWriter::Window& window,
                                            const Prefix& prefix, const T& record) {
    writer_.nextSegment(channel);
    if (writer_.released() || tryWrite(window, prefix, record)) return;
    large_.clear();
    large_.resize(prefix.size());
    prefix.put(reinterpret_cast<std::byte*>(large_.data()));
    types::appendTo(large_, record);
    wire::checkRecordSize(large_.size());
    writer_.writeLarge(channel, static_cast<std::uint32_t>(large_.size()) | Prefix::kFlags,
                       asBytes(large_));
    if (large_.capacity() > wire::kKeptLargeBytes) std::string().swap(large_);
  }

  types::SegmentWriter& writer_;
  std::string large_;
};

/// Calls write(record, withTimestamp) for each record of a batch; withTimestamp(prefix) puts the
/// record's timestamp, if it has one, in front of the prefix and hands the result to its second
/// argument. The test whether the batch has timestamps is made once.
template <class T, class Write>
void forEachStamped(const Batch<T>& batch, Write&& write) {
  if (batch.timestamps == nullptr) {
    for (const T& record : batch.records)
      write(record, [](const auto& prefix, auto&& put) { put(prefix); });
    return;
  }
  const types::Timestamp* timestamp = batch.timestamps;
  for (const T& record : batch.records) {
    const types::Timestamp stamp = *timestamp++;
    write(record, [stamp](const auto& prefix, auto&& put) {
      if (stamp == types::kNoTimestamp) {
        put(prefix);
      } else {
        put(wire::StampedPrefix<std::remove_cvref_t<decltype(prefix)>>{stamp, prefix});
      }
    });
  }
}

/// Writes the records of one edge to the channels that its strategy picks. A broadcast record
/// counts once.
template <class T>
class EdgeWriter final : public BatchReceiver<T> {
 public:
  EdgeWriter(types::SegmentWriter& writer, const EdgeWriterSpec& spec)
      : writer_(writer),
        serializer_(writer),
        selection_(spec.selection),
        next_(writer.numChannels() == 0 ? 0 : spec.subtaskIndex % writer.numChannels()),
        random_(wire::mixSeed(static_cast<std::uint64_t>(spec.subtaskIndex))) {}

  void process(Batch<T> batch) override {
    const int numChannels = writer_.numChannels();
    switch (numChannels == 1 ? ChannelSelection::kForward : selection_) {
      case ChannelSelection::kRoundRobin:
        forEachStamped(batch, [&](const T& record, auto&& withTimestamp) {
          writeTo(next_, record, withTimestamp);
          next_ = next_ + 1 == numChannels ? 0 : next_ + 1;
        });
        break;
      case ChannelSelection::kRandom:
        forEachStamped(batch, [&](const T& record, auto&& withTimestamp) {
          writeTo(wire::nextRandomBelow(random_, numChannels), record, withTimestamp);
        });
        break;
      case ChannelSelection::kBroadcast:
        for (int channel = 0; channel < numChannels; ++channel) {
          forEachStamped(batch, [&](const T& record, auto&& withTimestamp) {
            writeTo(channel, record, withTimestamp);
          });
        }
        break;
      default:
        forEachStamped(batch, [&](const T& record, auto&& withTimestamp) {
          writeTo(0, record, withTimestamp);
        });
    }
    writer_.countRecords(batch.records.size());
  }

 private:
  void writeTo(int channel, const T& record, const auto& withTimestamp) {
    withTimestamp(wire::NoPrefix{},
                  [&](const auto& prefix) { serializer_.write(channel, prefix, record); });
  }

  types::SegmentWriter& writer_;
  RecordSerializer<T> serializer_;
  ChannelSelection selection_;
  int next_;
  std::uint64_t random_;
};

/// Writes each record to the consumer that owns its key group. The hash travels along inside this
/// process. An optional without a value is no key: it fails the job.
template <class T, class Selector>
class KeyedEdgeWriter final : public BatchReceiver<T> {
 public:
  KeyedEdgeWriter(types::SegmentWriter& writer, const EdgeWriterSpec& spec, Selector selector)
      : writer_(writer),
        serializer_(writer),
        selector_(std::move(selector)),
        maxParallelism_(static_cast<std::uint32_t>(spec.maxParallelism)) {
    const auto numChannels = static_cast<std::uint32_t>(writer.numChannels());
    channelOfGroup_.resize(maxParallelism_);
    for (std::uint32_t group = 0; group < maxParallelism_; ++group) {
      channelOfGroup_[group] =
          static_cast<std::uint16_t>(types::operatorIndexOf(group, maxParallelism_, numChannels));
    }
    for (std::uint32_t c = 0; c < numChannels; ++c)
      carriesHash_.push_back(writer.carriesHash(static_cast<int>(c)));
  }

  void process(Batch<T> batch) override {
    forEachStamped(batch, [this](const T& record, const auto& withTimestamp) {
      const auto& key = callKeySelector(selector_, record);
      if constexpr (requires { key.has_value(); }) {
        if (!key.has_value()) [[unlikely]]
          wire::throwNullKey();
      }
      const types::KeyHash hash = types::keyHash(key);
      const std::uint32_t group = types::keyGroupOf(hash, maxParallelism_);
      const int channel = channelOfGroup_[group];
      const auto put = [&](const auto& prefix) { serializer_.write(channel, prefix, record); };
      if (carriesHash_[static_cast<std::size_t>(channel)] != 0) {
        withTimestamp(wire::HashPrefix{static_cast<std::uint16_t>(group), hash}, put);
      } else {
        withTimestamp(wire::GroupPrefix{static_cast<std::uint16_t>(group)}, put);
      }
    });
    writer_.countRecords(batch.records.size());
  }

 private:
  types::SegmentWriter& writer_;
  RecordSerializer<T> serializer_;
  Selector selector_;
  std::uint32_t maxParallelism_;
  std::vector<std::uint16_t> channelOfGroup_;
  std::vector<std::uint8_t> carriesHash_;
};

/// Writes each record to the channel that the user's partitioner picks.
template <class T, class P, class Selector>
class CustomEdgeWriter final : public BatchReceiver<T> {
 public:
  CustomEdgeWriter(types::SegmentWriter& writer, P partitioner, Selector selector)
      : writer_(writer),
        serializer_(writer),
        partitioner_(std::move(partitioner)),
        selector_(std::move(selector)) {}

  void process(Batch<T> batch) override {
    const int numChannels = writer_.numChannels();
    forEachStamped(batch, [&](const T& record, const auto& withTimestamp) {
      const KeyOf<Selector, T>& key = callKeySelector(selector_, record);
      const int channel = callPartitioner(partitioner_, key, numChannels);
      if (channel < 0 || channel >= numChannels) [[unlikely]]
        wire::throwBadPartition(channel, numChannels);
      withTimestamp(wire::NoPrefix{},
                    [&](const auto& prefix) { serializer_.write(channel, prefix, record); });
    });
    writer_.countRecords(batch.records.size());
  }

 private:
  types::SegmentWriter& writer_;
  RecordSerializer<T> serializer_;
  P partitioner_;
  Selector selector_;
};

}  // namespace flink::operators
