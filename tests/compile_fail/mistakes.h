#pragma once

#include <flink/datastream.h>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

struct Order {
  std::string customer;
  double price = 0;
};

/// Has no serializer.
class Opaque {
 public:
  Opaque() = default;

 private:
  void* handle_ = nullptr;
};

/// Has a serializer of its own, but no text.
class Sealed {
 public:
  [[nodiscard]] int value() const { return value_; }
  void setValue(int value) { value_ = value; }

 private:
  int value_ = 0;
};

template <>
struct flink::TypeSerializer<Sealed> {
  using Parts = flink::types::TypeList<>;
  static constexpr std::size_t kFixedSize = 4;
  static constexpr std::size_t kMinSize = 4;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;
  static void put(std::byte* to, const Sealed& value) {
    const int number = value.value();
    std::memcpy(to, &number, 4);
  }
  static void get(const std::byte* from, Sealed& value) {
    int number = 0;
    std::memcpy(&number, from, 4);
    value.setValue(number);
  }
};
