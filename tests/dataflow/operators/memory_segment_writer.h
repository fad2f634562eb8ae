#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/types/segment_writer.h"

namespace flink::operators {

/// Keeps what is written to each channel as a list of finished segments.
class MemorySegmentWriter final : public types::SegmentWriter {
 public:
  struct Segment {
    std::string data;
    bool carriesHash = false;
    bool startsInside = false;
    bool endsInside = false;
    [[nodiscard]] types::SegmentView view() const {
      return {asBytes(data), carriesHash, startsInside, endsInside};
    }
  };

  MemorySegmentWriter(std::size_t segmentBytes, std::vector<bool> carriesHash)
      : segmentBytes_(segmentBytes),
        carriesHash_(std::move(carriesHash)),
        channels_(carriesHash_.size()),
        store_(carriesHash_.size()) {
    windows_ = store_;
  }

  [[nodiscard]] bool carriesHash(int channel) const override {
    return carriesHash_[static_cast<std::size_t>(channel)];
  }
  void nextSegment(int channel) override {
    pass(channel, false);
    Channel& c = channels_[static_cast<std::size_t>(channel)];
    c.memory.assign(segmentBytes_, '\0');
    auto* start = reinterpret_cast<std::byte*>(c.memory.data());
    window(channel) = {start, start + segmentBytes_};
  }
  void writeLarge(int channel, std::uint32_t lengthWord, ByteView record) override {
    if (window(channel).free() < 64) nextSegment(channel);
    std::memcpy(window(channel).pos, &lengthWord, 4);
    window(channel).pos += 4;
    while (true) {
      Window& w = window(channel);
      const std::size_t n = std::min(w.free(), record.size());
      std::memcpy(w.pos, record.data(), n);
      w.pos += n;
      record = record.subspan(n);
      if (record.empty()) return;
      pass(channel, true);
      nextSegment(channel);
    }
  }
  [[nodiscard]] bool released() const override { return isReleased; }

  /// Everything of a channel so far, its open segment included.
  const std::vector<Segment>& segments(int channel) {
    pass(channel, false);
    window(channel) = {};
    return channels_[static_cast<std::size_t>(channel)].segments;
  }
  bool isReleased = false;

 private:
  struct Channel {
    std::string memory;
    bool startsInside = false;
    std::vector<Segment> segments;
  };

  void pass(int channel, bool endsInside) {
    Channel& c = channels_[static_cast<std::size_t>(channel)];
    if (c.memory.empty() || window(channel).pos == nullptr) return;
    const auto size = static_cast<std::size_t>(window(channel).pos -
                                               reinterpret_cast<std::byte*>(c.memory.data()));
    if (size == 0) return;
    c.segments.push_back(
        {c.memory.substr(0, size), carriesHash(channel), c.startsInside, endsInside});
    c.startsInside = endsInside;
    window(channel).pos = reinterpret_cast<std::byte*>(c.memory.data());
  }

  std::size_t segmentBytes_;
  std::vector<bool> carriesHash_;
  std::vector<Channel> channels_;
  std::vector<Window> store_;
};

}  // namespace flink::operators
