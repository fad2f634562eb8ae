#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/operators/output.h"
#include "dataflow/operators/output_tag.h"

namespace flink::operators {

/// The tagged outputs of one operator. A tag's type is learnt at its first record and checked
/// against who reads it.
class SideOutputs {
 public:
  explicit SideOutputs(const OperatorOutputs& outputs) : outputs_(outputs) {}

  template <class X>
  Collector<X>& collector(const OutputTag<X>& tag) {
    for (Entry& entry : entries_) {
      if (entry.tag != tag.getId()) continue;
      if (*entry.type != typeid(X)) throwTypeMismatch(tag.getId(), typeid(X), *entry.type);
      return static_cast<TypedSide<X>*>(entry.side.get())->output;
    }
    auto side = std::make_unique<TypedSide<X>>(outputs_, tag.getId());
    side->setTimestamp(timestamp_);
    Collector<X>& result = side->output;
    entries_.push_back({tag.getId(), &typeid(X), std::move(side)});
    return result;
  }

  /// As Output::setTimestamp, for every tag.
  void setTimestamp(types::Timestamp timestamp) {
    if (timestamp == timestamp_) return;
    timestamp_ = timestamp;
    for (Entry& entry : entries_) entry.side->setTimestamp(timestamp);
  }
  [[nodiscard]] types::Timestamp timestamp() const { return timestamp_; }

  void flush() {
    for (Entry& entry : entries_) entry.side->flush();
  }

 private:
  struct Side {
    virtual ~Side() = default;
    virtual void flush() = 0;
    virtual void setTimestamp(types::Timestamp timestamp) = 0;
  };
  template <class X>
  struct TypedSide final : Side {
    TypedSide(const OperatorOutputs& outputs, const std::string& tag) : output(outputs, tag) {}
    void flush() override { output.flush(); }
    void setTimestamp(types::Timestamp timestamp) override { output.setTimestamp(timestamp); }
    Output<X> output;
  };
  struct Entry {
    std::string tag;
    const std::type_info* type;
    std::unique_ptr<Side> side;
  };

  OperatorOutputs outputs_;
  std::vector<Entry> entries_;
  types::Timestamp timestamp_ = types::kNoTimestamp;
};

}  // namespace flink::operators
