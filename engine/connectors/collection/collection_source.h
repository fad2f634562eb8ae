#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/types/serializer.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/source_checkpoint.h"

namespace flink::connectors {

/// Emits records that the program listed, from their serialized form.
template <class T>
class CollectionSourceOperator final : public operators::SourceOperatorBase,
                                       private operators::OperatorServices {
 public:
  CollectionSourceOperator(const operators::OperatorOutputs& outputs,
                           std::shared_ptr<const std::string> elements)
      : elements_(std::move(elements)), input_(asBytes(*elements_)), output_(outputs, "") {}

  void open(operators::OperatorContext& context) override {
    openServices(context);
    position_.open(context.state);
    T skipped{};
    for (std::int64_t left = position_.get(); left > 0 && input_.remaining() > 0; --left)
      readNext(skipped);
  }
  void snapshotState(const state::SnapshotContext& /*context*/) override { position_.store(); }
  void close() override { closeServices(); }

  Poll poll(std::size_t maxRecords) override {
    for (std::size_t i = 0; i < maxRecords && input_.remaining() > 0; ++i) {
      readNext(output_.slot());
      position_.advance(1);
    }
    output_.flush();
    countOut(output_.numRecords());
    return input_.remaining() > 0 ? Poll::kMore : Poll::kEnd;
  }
  void handleEvent(std::string_view /*payload*/) override {}

 private:
  void readNext(T& element) {
    if (!types::readValue(input_, element))
      throw operators::OperatorFailure(types::corruptData(input_, "element of a collection"));
  }

  std::shared_ptr<const std::string> elements_;
  types::ByteCursor input_;
  operators::SourcePosition position_;
  operators::Output<T> output_;
};

/// `elements` may be filled later, until the first operator is made.
template <class T>
class CollectionSourceFactory final : public operators::OperatorFactory {
 public:
  explicit CollectionSourceFactory(std::shared_ptr<const std::string> elements)
      : elements_(std::move(elements)) {}
  std::unique_ptr<operators::StreamOperator> create(
      const operators::OperatorOutputs& outputs) const override {
    return std::make_unique<CollectionSourceOperator<T>>(outputs, elements_);
  }

 private:
  std::shared_ptr<const std::string> elements_;
};

template <class T>
std::unique_ptr<operators::OperatorFactory> makeCollectionSourceFactory(
    std::shared_ptr<const std::string> elements) {
  return std::make_unique<CollectionSourceFactory<T>>(std::move(elements));
}
/// Compiled once, here.
extern template std::unique_ptr<operators::OperatorFactory>
    makeCollectionSourceFactory<std::string>(std::shared_ptr<const std::string>);
extern template std::unique_ptr<operators::OperatorFactory>
    makeCollectionSourceFactory<std::int64_t>(std::shared_ptr<const std::string>);

}  // namespace flink::connectors
