#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace flink {

/// Adds up a figure over all records that one operator instance sees. Its final value travels as
/// plain text; the JobManager adds up what the subtasks of a job report under one name. Thread: the
/// function's own.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  [[nodiscard]] virtual std::string valueText() const = 0;
};

namespace operators::detail {
std::string numberText(std::int64_t value);
std::string numberText(double value);
}  // namespace operators::detail

template <class T, class Text>
class SumAccumulator final : public Accumulator {
 public:
  void add(T value) { value_ += value; }
  [[nodiscard]] T getLocalValue() const { return value_; }
  void resetLocal() { value_ = T{}; }
  [[nodiscard]] std::string valueText() const override {
    return operators::detail::numberText(static_cast<Text>(value_));
  }

 private:
  T value_{};
};

using IntCounter = SumAccumulator<std::int32_t, std::int64_t>;
using LongCounter = SumAccumulator<std::int64_t, std::int64_t>;
using DoubleCounter = SumAccumulator<double, double>;

/// The accumulators of one operator instance by name.
class AccumulatorSet {
 public:
  template <class A>
  A& get(const std::string& name) {
    std::unique_ptr<Accumulator>& entry = entries_[name];
    if (entry == nullptr) entry = std::make_unique<A>();
    auto* accumulator = dynamic_cast<A*>(entry.get());
    if (accumulator == nullptr) refuse(name);
    return *accumulator;
  }
  void forEach(const std::function<void(const std::string&, std::string)>& visit) const;

 private:
  [[noreturn]] static void refuse(const std::string& name);
  std::map<std::string, std::unique_ptr<Accumulator>> entries_;
};

}  // namespace flink
