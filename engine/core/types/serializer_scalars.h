#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/types/serializer_core.h"

namespace flink {

/// Integers, characters, floats: their memory. long double has padding and is left out.
template <class T>
requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, long double> &&
         !std::is_const_v<T> && !std::is_volatile_v<T>) struct TypeSerializer<T>
    : types::RawSerializer<T> {
};

template <class T>
requires(std::is_enum_v<T> && !std::is_const_v<T>) struct TypeSerializer<T>
    : types::RawSerializer<T> {
};

/// One byte, 0 or 1; any other byte reads as true.
template <>
struct TypeSerializer<bool> {
  using Parts = types::TypeList<>;
  static constexpr std::size_t kFixedSize = 1;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;
  static void put(std::byte* to, bool value) { *to = value ? std::byte{1} : std::byte{0}; }
  static void get(const std::byte* from, bool& value) { value = *from != std::byte{0}; }
};

/// The count of a type as varint, then its bytes.
template <>
struct TypeSerializer<std::string> {
  using Parts = types::TypeList<>;
  static constexpr std::size_t kFixedSize = 0;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;

  template <class Sink>
  static bool write(std::string_view value, Sink& sink) {
    const std::size_t prefix = types::varintSize(value.size());
    std::byte* to = sink.claim(prefix + value.size());
    if (to == nullptr) [[unlikely]]
      return false;
    types::copyBytes(types::putVarint(to, value.size()), value.data(), value.size());
    return true;
  }
  static bool read(types::ByteCursor& in, std::string& value) {
    std::size_t size;
    if (!types::readCount(in, 1, size)) [[unlikely]]
      return false;
    value.assign(reinterpret_cast<const char*>(in.pos), size);
    in.pos += size;
    return true;
  }
};

template <>
struct TypeSerializer<std::monostate> {
  using Parts = types::TypeList<>;
  static constexpr std::size_t kFixedSize = 1;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;
  static void put(std::byte* to, std::monostate) { *to = std::byte{0}; }
  static void get(const std::byte*, std::monostate&) {}
};

namespace types::detail {

struct PairMembers {
  static auto tie(auto& pair) { return std::tie(pair.first, pair.second); }
};
struct TupleMembers {
  static auto& tie(auto& tuple) { return tuple; }
};

}  // namespace types::detail

template <class A, class B>
struct TypeSerializer<std::pair<A, B>>
    : types::ProductSerializer<std::pair<A, B>, types::detail::PairMembers, true, A, B> {};

/// The order of a tuple's members in memory is the library's affair: never copied as a whole.
template <class... Ts>
struct TypeSerializer<std::tuple<Ts...>>
    : types::ProductSerializer<std::tuple<Ts...>, types::detail::TupleMembers, false, Ts...> {};

/// A byte that says whether a value follows.
template <class T>
struct TypeSerializer<std::optional<T>> {
  using Parts = types::TypeList<T>;
  static constexpr std::size_t kFixedSize = 0;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;

  template <class Sink>
  static bool write(const std::optional<T>& value, Sink& sink) {
    std::byte* to = sink.claim(1);
    if (to == nullptr) [[unlikely]]
      return false;
    *to = value.has_value() ? std::byte{1} : std::byte{0};
    return !value.has_value() || types::writeValue(*value, sink);
  }
  static bool read(types::ByteCursor& in, std::optional<T>& value) {
    const std::byte* flag = in.take(1);
    if (flag == nullptr) [[unlikely]]
      return false;
    if (*flag == std::byte{0}) {
      value.reset();
      return true;
    }
    if (*flag != std::byte{1}) return in.fail("flag of an optional is neither 0 nor 1");
    if (!value.has_value()) value.emplace();
    return types::readValue(in, *value);
  }
};

/// The index of the alternative (one byte), then its value.
template <class... Ts>
struct TypeSerializer<std::variant<Ts...>> {
  using Variant = std::variant<Ts...>;
  using Parts = types::TypeList<Ts...>;
  static_assert(sizeof...(Ts) < 256);
  static constexpr std::size_t kFixedSize = 0;
  static constexpr std::size_t kMinSize = 2;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;

  template <class Sink>
  static bool write(const Variant& value, Sink& sink) {
    std::byte* to = sink.claim(1);
    if (to == nullptr) [[unlikely]]
      return false;
    *to = static_cast<std::byte>(value.index());
    return std::visit([&](const auto& alternative) { return types::writeValue(alternative, sink); },
                      value);
  }
  static bool read(types::ByteCursor& in, Variant& value) {
    const std::byte* index = in.take(1);
    if (index == nullptr) [[unlikely]]
      return false;
    if (static_cast<std::size_t>(*index) >= sizeof...(Ts))
      return in.fail("variant index out of range");
    return readAlternative<0>(in, static_cast<std::size_t>(*index), value);
  }

 private:
  template <std::size_t I>
  static bool readAlternative(types::ByteCursor& in, std::size_t index, Variant& value) {
    if constexpr (I == sizeof...(Ts)) {
      return false;
    } else {
      if (index != I) return readAlternative<I + 1>(in, index, value);
      if (value.index() != I) value.template emplace<I>();
      return types::readValue(in, *std::get_if<I>(&value));
    }
  }
};

template <class Rep, class Period>
struct TypeSerializer<std::chrono::duration<Rep, Period>>
    : types::RawSerializer<std::chrono::duration<Rep, Period>> {
  static_assert(std::is_arithmetic_v<Rep>);
};

template <class Clock, class Duration>
struct TypeSerializer<std::chrono::time_point<Clock, Duration>>
    : types::RawSerializer<std::chrono::time_point<Clock, Duration>> {};

}  // namespace flink
