#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace flink {

/// Adds up a value over all subtasks of a job. Its text form, `<kind>:<value>`, tells the
/// JobManager how to merge: kinds that end in Counter are summed, those that end in Minimum or
/// Maximum give the smaller or larger one. Thread: the function's own.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual std::string valueText() const = 0;
};

namespace operators::detail {
std::string numberText(std::int64_t value);
std::string numberText(double value);
}  // namespace operators::detail

/// `Fixed::kName` is the kind; Fixed::combine(a, b) adds one value to what there is.
template <class T, class Fixed>
class NumberAccumulator final : public Accumulator {
 public:
  void add(T value) { value_ = Fixed::combine(value_, value); }
  [[nodiscard]] T getLocalValue() const { return value_; }
  void resetLocal() { value_ = Fixed::template initial<T>(); }
  [[nodiscard]] std::string_view kind() const override { return Fixed::kName; }
  [[nodiscard]] std::string valueText() const override {
    if constexpr (std::is_floating_point_v<T>) {
      return operators::detail::numberText(static_cast<double>(value_));
    } else {
      return operators::detail::numberText(static_cast<std::int64_t>(value_));
    }
  }

 private:
  T value_ = Fixed::template initial<T>();
};

namespace operators::detail {

struct SumOf {
  template <class T>
  static constexpr T initial() {
    return T{};
  }
  template <class T>
  static constexpr T combine(T a, T b) {
    return a + b;
  }
};
struct MinimumOf {
  template <class T>
  static constexpr T initial() {
    return std::numeric_limits<T>::max();
  }
  template <class T>
  static constexpr T combine(T a, T b) {
    return b < a ? b : a;
  }
};
struct MaximumOf {
  template <class T>
  static constexpr T initial() {
    return std::numeric_limits<T>::lowest();
  }
  template <class T>
  static constexpr T combine(T a, T b) {
    return a < b ? b : a;
  }
};
struct LongSum : SumOf {
  static constexpr std::string_view kName = "LongCounter";
};
struct IntSum : SumOf {
  static constexpr std::string_view kName = "IntCounter";
};
struct DoubleSum : SumOf {
  static constexpr std::string_view kName = "DoubleCounter";
};
struct LongMin : MinimumOf {
  static constexpr std::string_view kName = "LongMinimum";
};
struct LongMax : MaximumOf {
  static constexpr std::string_view kName = "LongMaximum";
};
struct DoubleMin : MinimumOf {
  static constexpr std::string_view kName = "DoubleMinimum";
};
struct DoubleMax : MaximumOf {
  static constexpr std::string_view kName = "DoubleMaximum";
};

}  // namespace operators::detail

using LongCounter = NumberAccumulator<std::int64_t, operators::detail::LongSum>;
using IntCounter = NumberAccumulator<std::int32_t, operators::detail::IntSum>;
using DoubleCounter = NumberAccumulator<double, operators::detail::DoubleSum>;
using LongMinimum = NumberAccumulator<std::int64_t, operators::detail::LongMin>;
using LongMaximum = NumberAccumulator<std::int64_t, operators::detail::LongMax>;
using DoubleMinimum = NumberAccumulator<double, operators::detail::DoubleMin>;
using DoubleMaximum = NumberAccumulator<double, operators::detail::DoubleMax>;

/// The accumulators of one operator instance by name.
class AccumulatorSet {
 public:
  template <class A>
  A& get(const std::string& name) {
    std::unique_ptr<Accumulator>& entry = entries_[name];
    if (entry == nullptr) entry = std::make_unique<A>();
    auto* accumulator = dynamic_cast<A*>(entry.get());
    if (accumulator == nullptr) refuse(name, *entry);
    return *accumulator;
  }
  void forEach(const std::function<void(const std::string&, std::string)>& visit) const;

 private:
  [[noreturn]] static void refuse(const std::string& name, const Accumulator& existing);
  std::map<std::string, std::unique_ptr<Accumulator>> entries_;
};

}  // namespace flink
