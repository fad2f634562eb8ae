#pragma once

#include <memory>

#include "dataflow/operators/sink.h"

namespace flink {

/// Takes every record and keeps none.
template <class T>
class DiscardingSink final : public Sink<T> {
 public:
  std::unique_ptr<SinkWriter<T>> createWriter(WriterInitContext& /*context*/) const override {
    return std::make_unique<Writer>();
  }

 private:
  class Writer final : public SinkWriter<T> {
   public:
    void write(const T& /*element*/, const typename SinkWriter<T>::Context& /*context*/) override {}
    void flush(bool /*endOfInput*/) override {}
  };
};

}  // namespace flink
