#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>

#include "core/types/serializer_core.h"

namespace flink::types {

namespace detail {

/// The compiler's name of a type in words; without its template arguments unless `whole`.
void appendTypeName(std::string& out, const std::type_info& type, bool whole);

template <class T, class... Path>
void appendTypeTextOf(std::string& out);

template <class... Path, class... Parts>
void appendPartTexts(std::string& out, TypeList<Parts...>) {
  [[maybe_unused]] bool first = true;
  ((out.append(first ? "" : ","), first = false, appendTypeTextOf<Parts, Path...>(out)), ...);
}

template <class T, class... Path>
void appendTypeTextOf(std::string& out) {
  using Serializer = TypeSerializer<T>;
  constexpr bool kSeenAbove = (std::is_same_v<T, Path> || ...);
  if constexpr (requires { typename Serializer::MemberList; } && !kSeenAbove) {
    out += '{';
    appendPartTexts<T, Path...>(out, typename Serializer::Parts{});
    out += '}';
  } else {
    constexpr bool kHasParts =
        !kSeenAbove && !std::is_same_v<typename Serializer::Parts, TypeList<>>;
    appendTypeName(out, typeid(T), !kHasParts);
    if constexpr (kHasParts) {
      out += '(';
      appendPartTexts<T, Path...>(out, typename Serializer::Parts{});
      if constexpr (requires { std::tuple_size<T>::value; })  // an array writes no count
        out.append("*").append(std::to_string(std::tuple_size<T>::value));
      out += ')';
    }
  }
}

}  // namespace detail

/// Describes how values of T are written: equal texts mean bytes that read alike. Structs and
/// tuples appear as the list of their members, so that renaming one changes nothing.
template <class T>
void appendTypeText(std::string& out) {
  detail::appendTypeTextOf<T>(out);
}

}  // namespace flink::types
