#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "api/datastream/data_stream.h"

namespace flink {

/// A stream straight from one operator, which can be named, sized and placed.
template <class T>
class SingleOutputStreamOperator : public DataStream<T> {
 public:
  using DataStream<T>::DataStream;

  SingleOutputStreamOperator& name(std::string name) {
    return graph().setName(node(), std::move(name)), *this;
  }
  SingleOutputStreamOperator& setDescription(std::string text) {
    return graph().setDescription(node(), std::move(text)), *this;
  }
  SingleOutputStreamOperator& uid(std::string uid) {
    return graph().setUid(node(), std::move(uid)), *this;
  }
  SingleOutputStreamOperator& setUidHash(std::string hash) {
    return graph().setUidHash(node(), std::move(hash)), *this;
  }
  SingleOutputStreamOperator& setParallelism(std::int32_t n) {
    return graph().setParallelism(node(), n), *this;
  }
  SingleOutputStreamOperator& setMaxParallelism(std::int32_t n) {
    return graph().setMaxParallelism(node(), n), *this;
  }
  /// Milliseconds; -1: only full buffers, 0: after every record.
  SingleOutputStreamOperator& setBufferTimeout(std::int64_t ms) {
    return graph().setBufferTimeout(node(), ms), *this;
  }
  SingleOutputStreamOperator& startNewChain() { return graph().startNewChain(node()), *this; }
  SingleOutputStreamOperator& disableChaining() { return graph().disableChaining(node()), *this; }
  SingleOutputStreamOperator& slotSharingGroup(const SlotSharingGroup& group) {
    return graph().setSlotSharingGroup(node(), group), *this;
  }
  SingleOutputStreamOperator& slotSharingGroup(std::string name) {
    return slotSharingGroup(SlotSharingGroup::newBuilder(std::move(name)).build());
  }

  /// The records that the operator's function emitted under the tag.
  template <class X>
  [[nodiscard]] DataStream<X> getSideOutput(const OutputTag<X>& tag) const {
    static_assert(Serializable<X>, "flink: the side output's record type cannot be serialized");
    return DataStream<X>(this->handle().sideOutput(tag.getId(), datastream::plainCodec<X>));
  }

 private:
  [[nodiscard]] datastream::ProgramGraph& graph() const { return this->handle().graph(); }
  [[nodiscard]] std::int32_t node() const { return this->handle().node(); }
};

}  // namespace flink
