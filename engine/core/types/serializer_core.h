#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/types/byte_io.h"

namespace flink {

/// Turns values of T into bytes and back. A specialization has
///   using Parts = types::TypeList<...>;         the types its values are made of (empty for
///   leaves) static constexpr std::size_t kFixedSize;     serialized size of every value, 0 when it
///   varies static constexpr std::size_t kMinSize;       never less than this, and never 0 static
///   constexpr bool kTrivial;              serialized form == memory: whole arrays are copied at
///   once static constexpr bool kOrdered;              equal values have equal bytes (keys need it)
/// and, when kFixedSize > 0,
///   static void put(std::byte* to, const T&);    static void get(const std::byte* from, T&);
/// else
///   template <class Sink> static bool write(const T&, Sink&);   false: the sink is full
///   static bool read(types::ByteCursor&, T& reused);            false: bad bytes, see
///   ByteCursor::error
/// Specialize it for your own types, or let FLINK_FIELDS or a plain aggregate do it.
template <class T>
struct TypeSerializer;

namespace types {

template <class... Ts>
struct TypeList {};

template <class T>
concept HasSerializer = requires {
  typename TypeSerializer<T>::Parts;
};

namespace detail {

template <class T, class... Path>
consteval bool serializable();

template <class... Parts, class... Path>
consteval bool partsSerializable(TypeList<Parts...>, TypeList<Path...>) {
  return (serializable<Parts, Path...>() && ...);
}

/// Path: the types being looked at, so that a type that contains itself (a tree) ends.
template <class T, class... Path>
consteval bool serializable() {
  if constexpr ((std::is_same_v<T, Path> || ...)) {
    return true;
  } else if constexpr (!HasSerializer<T>) {
    return false;
  } else {
    return partsSerializable(typename TypeSerializer<T>::Parts{}, TypeList<T, Path...>{});
  }
}

template <class T, class... Path>
consteval bool ordered();

template <class... Parts, class... Path>
consteval bool partsOrdered(TypeList<Parts...>, TypeList<Path...>) {
  return (ordered<Parts, Path...>() && ...);
}

template <class T, class... Path>
consteval bool ordered() {
  if constexpr ((std::is_same_v<T, Path> || ...)) {
    return true;
  } else {
    return TypeSerializer<T>::kOrdered &&
           partsOrdered(typename TypeSerializer<T>::Parts{}, TypeList<T, Path...>{});
  }
}

}  // namespace detail

template <class T>
constexpr std::size_t kFixedSize = TypeSerializer<T>::kFixedSize;
template <class T>
constexpr std::size_t kMinSize = TypeSerializer<T>::kMinSize;
template <class T>
constexpr bool kTriviallySerializable = TypeSerializer<T>::kTrivial;

/// Writes one value; false when the sink is full (what was written is then worthless).
template <class T, class Sink>
bool writeValue(const T& value, Sink& sink) {
  if constexpr (kFixedSize < T >> 0) {
    std::byte* to = sink.claim(kFixedSize<T>);
    if (to == nullptr) [[unlikely]]
      return false;
    TypeSerializer<T>::put(to, value);
    return true;
  } else {
    return TypeSerializer<T>::write(value, sink);
  }
}

/// Reads one value into an object that is being reused; false on bad bytes.
template <class T>
bool readValue(ByteCursor& in, T& value) {
  if constexpr (kFixedSize < T >> 0) {
    const std::byte* from = in.take(kFixedSize<T>);
    if (from == nullptr) [[unlikely]]
      return false;
    TypeSerializer<T>::get(from, value);
    return true;
  } else {
    return TypeSerializer<T>::read(in, value);
  }
}

/// A leaf whose serialized form is its memory.
template <class T>
struct RawSerializer {
  using Parts = TypeList<>;
  static constexpr std::size_t kFixedSize = sizeof(T);
  static constexpr std::size_t kMinSize = sizeof(T);
  static constexpr bool kTrivial = true;
  static constexpr bool kOrdered = true;
  static void put(std::byte* to, const T& value) { std::memcpy(to, &value, sizeof(T)); }
  static void get(const std::byte* from, T& value) { std::memcpy(&value, from, sizeof(T)); }
};

/// A value with a fixed list of members, one after the other. Members: static auto tie(T&) and
/// tie(const T&), which give a tuple of references.
template <class T, class Members, bool MemoryOrder, class... Ps>
struct ProductSerializer {
  using Parts = TypeList<Ps...>;
  using MemberList = Members;
  static constexpr bool kIsFixed = ((types::kFixedSize<Ps> > 0) && ...);
  static constexpr std::size_t kMinSize = sizeof...(Ps) == 0 ? 1 : (types::kMinSize<Ps> + ... + 0);
  static constexpr std::size_t kFixedSize = kIsFixed ? kMinSize : 0;
  static constexpr bool kTrivial = MemoryOrder && sizeof...(Ps) > 0 &&
                                   std::is_trivially_copyable_v<T> &&
                                   (kTriviallySerializable<Ps> && ...) && kFixedSize == sizeof(T);
  static constexpr bool kOrdered = true;

  static void put(std::byte* to, const T& value) {
    if constexpr (sizeof...(Ps) == 0) {
      *to = std::byte{0};
    } else if constexpr (kTrivial) {
      std::memcpy(to, &value, sizeof(T));
    } else {
      std::apply(
          [&](const Ps&... parts) {
            ((TypeSerializer<Ps>::put(to, parts), to += types::kFixedSize<Ps>), ...);
          },
          Members::tie(value));
    }
  }
  static void get(const std::byte* from, T& value) {
    if constexpr (sizeof...(Ps) == 0) {
      return;
    } else if constexpr (kTrivial) {
      std::memcpy(static_cast<void*>(&value), from, sizeof(T));
    } else {
      std::apply(
          [&](Ps&... parts) {
            ((TypeSerializer<Ps>::get(from, parts), from += types::kFixedSize<Ps>), ...);
          },
          Members::tie(value));
    }
  }
  template <class Sink>
  static bool write(const T& value, Sink& sink) {
    return std::apply([&](const Ps&... parts) { return (writeValue(parts, sink) && ...); },
                      Members::tie(value));
  }
  static bool read(ByteCursor& in, T& value) {
    return std::apply([&](Ps&... parts) { return (readValue(in, parts) && ...); },
                      Members::tie(value));
  }
};

}  // namespace types
}  // namespace flink
