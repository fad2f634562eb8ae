#pragma once

#include <array>
#include <concepts>

#include "core/types/serializer_core.h"

namespace flink {

template <class T, std::size_t N>
struct TypeSerializer<std::array<T, N>> {
  using Array = std::array<T, N>;
  using Parts = types::TypeList<T>;
  static constexpr std::size_t kMinSize = N == 0 ? 1 : N * types::kMinSize<T>;
  static constexpr std::size_t kFixedSize = N == 0 || types::kFixedSize<T> > 0 ? kMinSize : 0;
  static constexpr bool kTrivial = N > 0 && types::kTriviallySerializable<T>;
  static constexpr bool kOrdered = true;

  static void put(std::byte* to, const Array& value) {
    if constexpr (N == 0) {
      *to = std::byte{0};
    } else if constexpr (kTrivial) {
      std::memcpy(to, value.data(), sizeof(Array));
    } else {
      for (const T& element : value) {
        TypeSerializer<T>::put(to, element);
        to += types::kFixedSize<T>;
      }
    }
  }
  static void get(const std::byte* from, Array& value) {
    if constexpr (kTrivial) {
      std::memcpy(static_cast<void*>(value.data()), from, sizeof(Array));
    } else if constexpr (N > 0) {
      for (T& element : value) {
        TypeSerializer<T>::get(from, element);
        from += types::kFixedSize<T>;
      }
    }
  }
  template <class Sink>
  static bool write(const Array& value, Sink& sink) {
    for (const T& element : value) {
      if (!types::writeValue(element, sink)) [[unlikely]]
        return false;
    }
    return true;
  }
  static bool read(types::ByteCursor& in, Array& value) {
    for (T& element : value) {
      if (!types::readValue(in, element)) [[unlikely]]
        return false;
    }
    return true;
  }
};

namespace types {

/// std::vector, deque, list: ordered, resizable. Told by their shape so that their headers need not
/// be included here.
template <class C>
concept SequenceContainer = requires(C c, std::size_t n) {
  typename C::value_type;
  typename C::allocator_type;
  c.clear();
  c.resize(n);
  c.begin();
  c.push_back(std::declval<typename C::value_type>());
  requires !requires {
    typename C::traits_type;
  };
};

/// std::set, map, unordered_set, unordered_map and their multi forms.
template <class C>
concept AssociativeContainer = requires(C c) {
  typename C::value_type;
  typename C::key_type;
  typename C::allocator_type;
  c.clear();
  c.insert(std::declval<typename C::value_type>());
};

template <class C>
concept MapContainer = AssociativeContainer<C> && requires {
  typename C::mapped_type;
};

namespace detail {

template <class C>
struct ElementOf {
  using Type = typename C::value_type;
};
template <MapContainer C>
struct ElementOf<C> {
  using Type = std::pair<typename C::key_type, typename C::mapped_type>;
};

/// Counts nested containers for the time of one read.
class DepthGuard {
 public:
  explicit DepthGuard(ByteCursor& in) : in_(in) { ++in_.depth; }
  ~DepthGuard() { --in_.depth; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  [[nodiscard]] bool tooDeep() const { return in_.depth > ByteCursor::kMaxDepth; }

 private:
  ByteCursor& in_;
};

}  // namespace detail
}  // namespace types

/// The count as varint, then the elements.
template <types::SequenceContainer C>
struct TypeSerializer<C> {
  using T = typename C::value_type;
  using Parts = types::TypeList<T>;
  static constexpr std::size_t kFixedSize = 0;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = true;

  template <class Sink>
  static bool write(const C& value, Sink& sink) {
    if constexpr (copiedAtOnce()) {
      const std::size_t bytes = value.size() * sizeof(T);
      std::byte* to = sink.claim(types::varintSize(value.size()) + bytes);
      if (to == nullptr) [[unlikely]]
        return false;
      to = types::putVarint(to, value.size());
      if (bytes > 0) std::memcpy(to, value.data(), bytes);
      return true;
    } else {
      if (!types::writeVarint(value.size(), sink)) [[unlikely]]
        return false;
      for (const T& element : value) {
        if (!types::writeValue(element, sink)) [[unlikely]]
          return false;
      }
      return true;
    }
  }

  static bool read(types::ByteCursor& in, C& value) {
    const types::detail::DepthGuard depth(in);
    if (depth.tooDeep()) return in.fail("containers are nested too deep");
    std::size_t count;
    if (!types::readCount(in, types::kMinSize<T>, count)) [[unlikely]]
      return false;
    if constexpr (std::is_same_v<T, bool>) {
      value.clear();
      for (std::size_t i = 0; i < count; ++i) value.push_back(in.pos[i] != std::byte{0});
      in.pos += count;
      return true;
    } else {
      value.resize(count);
      if constexpr (copiedAtOnce()) {
        if (count > 0) std::memcpy(static_cast<void*>(value.data()), in.pos, count * sizeof(T));
        in.pos += count * sizeof(T);
      } else {
        for (T& element : value) {
          if (!types::readValue(in, element)) [[unlikely]]
            return false;
        }
      }
      return true;
    }
  }

 private:
  static constexpr bool copiedAtOnce() {
    return types::kTriviallySerializable<T> && requires(C c) {
      c.data();
    };
  }
};

/// The count as varint, then the elements in the container's order.
template <types::AssociativeContainer C>
struct TypeSerializer<C> {
  using Element = typename types::detail::ElementOf<C>::Type;
  using Parts = types::TypeList<Element>;
  static constexpr std::size_t kFixedSize = 0;
  static constexpr std::size_t kMinSize = 1;
  static constexpr bool kTrivial = false;
  static constexpr bool kOrdered = requires { typename C::key_compare; };

  template <class Sink>
  static bool write(const C& value, Sink& sink) {
    if (!types::writeVarint(value.size(), sink)) [[unlikely]]
      return false;
    for (const auto& element : value) {
      if constexpr (types::MapContainer<C>) {
        if (!types::writeValue(element.first, sink) || !types::writeValue(element.second, sink))
          return false;
      } else {
        if (!types::writeValue(element, sink)) return false;
      }
    }
    return true;
  }

  static bool read(types::ByteCursor& in, C& value) {
    const types::detail::DepthGuard depth(in);
    if (depth.tooDeep()) return in.fail("containers are nested too deep");
    std::size_t count;
    if (!types::readCount(in, types::kMinSize<Element>, count)) [[unlikely]]
      return false;
    value.clear();
    for (std::size_t i = 0; i < count; ++i) {
      Element element;
      if (!types::readValue(in, element)) [[unlikely]]
        return false;
      value.insert(std::move(element));
    }
    return true;
  }
};

}  // namespace flink
