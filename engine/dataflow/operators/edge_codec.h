#pragma once

#include <memory>
#include <utility>

#include "dataflow/operators/edge_reader.h"
#include "dataflow/operators/edge_writer.h"
#include "dataflow/operators/operator_factory.h"

namespace flink::operators {

/// The ends of an edge without keys.
template <class T>
class PlainEdgeCodec final : public EdgeCodec {
 public:
  std::unique_ptr<Receiver> makeWriter(types::SegmentWriter& writer,
                                       const EdgeWriterSpec& spec) const override {
    return std::make_unique<EdgeWriter<T>>(writer, spec);
  }
  std::unique_ptr<EdgeReader> makeReader(Receiver& target, int numChannels) const override {
    return std::make_unique<TypedEdgeReader<T, NoSelector>>(target, numChannels, NoSelector{});
  }
};

/// The ends of a keyed exchange.
template <class T, class Selector>
class KeyedEdgeCodec final : public EdgeCodec {
 public:
  explicit KeyedEdgeCodec(Selector selector) : selector_(std::move(selector)) {}
  std::unique_ptr<Receiver> makeWriter(types::SegmentWriter& writer,
                                       const EdgeWriterSpec& spec) const override {
    return std::make_unique<KeyedEdgeWriter<T, Selector>>(writer, spec, selector_);
  }
  std::unique_ptr<EdgeReader> makeReader(Receiver& target, int numChannels) const override {
    return std::make_unique<TypedEdgeReader<T, Selector>>(target, numChannels, selector_);
  }

 private:
  Selector selector_;
};

/// The ends of an edge whose channels a user's partitioner picks.
template <class T, class P, class Selector>
class CustomEdgeCodec final : public EdgeCodec {
 public:
  CustomEdgeCodec(P partitioner, Selector selector)
      : partitioner_(std::move(partitioner)), selector_(std::move(selector)) {}
  std::unique_ptr<Receiver> makeWriter(types::SegmentWriter& writer,
                                       const EdgeWriterSpec&) const override {
    return std::make_unique<CustomEdgeWriter<T, P, Selector>>(writer, partitioner_, selector_);
  }
  std::unique_ptr<EdgeReader> makeReader(Receiver& target, int numChannels) const override {
    return std::make_unique<TypedEdgeReader<T, NoSelector>>(target, numChannels, NoSelector{});
  }

 private:
  P partitioner_;
  Selector selector_;
};

}  // namespace flink::operators
