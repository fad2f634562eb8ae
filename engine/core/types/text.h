#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

#include "core/types/serializer.h"

namespace flink::types {

/// Shows a record as print() and writeAsText() do: text as it is, tuples and pairs `(a,b)`, lists
/// and sets `[a, b]`, maps `{k=v, k=v}`, missing values `null`, structs like tuples. A type's own
/// toString() or operator<< goes first.
template <class T>
void appendText(std::string& out, const T& value);

namespace detail {

template <class T>
concept HasToString = requires(const T& value) {
  { value.toString() } -> std::convertible_to<std::string_view>;
};
template <class T>
concept Streamable = requires(std::ostream& stream, const T& value) {
  stream << value;
};

void appendStreamed(std::string& out, const void* value, void (*write)(std::ostream&, const void*));
void appendNumber(std::string& out, double value);
void appendNumber(std::string& out, float value);

template <class Integer>
void appendInteger(std::string& out, Integer value) {
  char digits[24];
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

template <class... Ts>
void appendMembers(std::string& out, const Ts&... members) {
  out += '(';
  [[maybe_unused]] bool first = true;
  ((out.append(first ? "" : ","), first = false, appendText(out, members)), ...);
  out += ')';
}

template <class C>
void appendElements(std::string& out, const C& container) {
  constexpr bool kMap = MapContainer<C>;
  out += kMap ? '{' : '[';
  bool first = true;
  for (const auto& element : container) {
    if (!first) out += ", ";
    first = false;
    if constexpr (kMap) {
      appendText(out, element.first);
      out += '=';
      appendText(out, element.second);
    } else {
      appendText(out, static_cast<const typename C::value_type&>(element));
    }
  }
  out += kMap ? '}' : ']';
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVariant : std::false_type {};
template <class... Ts>
struct IsVariant<std::variant<Ts...>> : std::true_type {};
template <class T>
struct IsArray : std::false_type {};
template <class T, std::size_t N>
struct IsArray<std::array<T, N>> : std::true_type {};
template <class T>
struct IsDuration : std::false_type {};
template <class R, class P>
struct IsDuration<std::chrono::duration<R, P>> : std::true_type {};

}  // namespace detail

template <class T>
void appendText(std::string& out, const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out.append(std::string_view(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    out.append(value ? "true" : "false");
  } else if constexpr (std::is_same_v<T, char>) {
    out += value;
  } else if constexpr (std::is_integral_v<T>) {
    detail::appendInteger(out, +value);
  } else if constexpr (std::is_floating_point_v<T>) {
    detail::appendNumber(out, value);
  } else if constexpr (std::is_same_v<T, std::monostate>) {
    out.append("null");
  } else if constexpr (detail::HasToString<T>) {
    out.append(std::string_view(value.toString()));
  } else if constexpr (detail::IsDuration<T>::value) {
    appendText(out, value.count());
  } else if constexpr (detail::Streamable<T> && !std::is_enum_v<T>) {
    detail::appendStreamed(out, &value, [](std::ostream& stream, const void* object) {
      stream << *static_cast<const T*>(object);
    });
  } else if constexpr (std::is_enum_v<T>) {
    detail::appendInteger(out, +static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (detail::IsOptional<T>::value) {
    if (value.has_value()) {
      appendText(out, *value);
    } else {
      out.append("null");
    }
  } else if constexpr (detail::IsVariant<T>::value) {
    std::visit([&](const auto& alternative) { appendText(out, alternative); }, value);
  } else if constexpr (SequenceContainer<T> || AssociativeContainer<T> ||
                       detail::IsArray<T>::value) {
    detail::appendElements(out, value);
  } else if constexpr (requires { typename TypeSerializer<T>::MemberList; }) {
    std::apply([&](const auto&... members) { detail::appendMembers(out, members...); },
               TypeSerializer<T>::MemberList::tie(value));
  } else if constexpr (requires { value.time_since_epoch(); }) {
    appendText(out, value.time_since_epoch().count());
  } else {
    static_assert(detail::Streamable<T>,
                  "give the record type an operator<< or a toString() to print it");
  }
}

}  // namespace flink::types
