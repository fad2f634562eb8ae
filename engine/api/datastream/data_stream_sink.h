#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "api/datastream/slot_sharing_group.h"
#include "api/datastream/stream_handle.h"

namespace flink {

/// The end of a stream: a sink, to be named and sized.
template <class T>
class DataStreamSink {
 public:
  DataStreamSink(const datastream::StreamHandle& input, std::int32_t node)
      : input_(input), node_(node) {}

  DataStreamSink& name(std::string name) { return graph().setName(node_, std::move(name)), *this; }
  DataStreamSink& setDescription(std::string text) {
    return graph().setDescription(node_, std::move(text)), *this;
  }
  DataStreamSink& uid(std::string uid) { return graph().setUid(node_, std::move(uid)), *this; }
  DataStreamSink& setUidHash(std::string hash) {
    return graph().setUidHash(node_, std::move(hash)), *this;
  }
  DataStreamSink& setParallelism(std::int32_t n) { return graph().setParallelism(node_, n), *this; }
  DataStreamSink& setMaxParallelism(std::int32_t n) {
    return graph().setMaxParallelism(node_, n), *this;
  }
  DataStreamSink& disableChaining() { return graph().disableChaining(node_), *this; }
  DataStreamSink& slotSharingGroup(const SlotSharingGroup& group) {
    return graph().setSlotSharingGroup(node_, group), *this;
  }
  DataStreamSink& slotSharingGroup(std::string name) {
    return slotSharingGroup(SlotSharingGroup::newBuilder(std::move(name)).build());
  }

 private:
  [[nodiscard]] datastream::ProgramGraph& graph() const { return input_.graph(); }

  datastream::StreamHandle input_;
  std::int32_t node_;
};

}  // namespace flink
