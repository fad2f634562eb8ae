#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "dataflow/state/value_forms.h"

namespace flink::state {

/// ValueOps of a collection whose elements can be written and read one by one: operator state,
/// which a restore deals out in elements.
struct ElementOps {
  const ValueOps* whole;
  std::size_t (*count)(const void* collection);
  void (*serializeElement)(const void* collection, std::size_t position, std::string& out);
  bool (*deserializeElement)(types::ByteCursor& in, void* collection);  ///< appends or puts
};

template <class T>
struct ListElements {
  using Form = ListForm<T, false>;
  using Stored = typename Form::Stored;
  static std::size_t count(const void* at) { return static_cast<const Stored*>(at)->size(); }
  static void serializeElement(const void* at, std::size_t position, std::string& out) {
    types::appendTo(out, (*static_cast<const Stored*>(at))[position]);
  }
  static bool deserializeElement(types::ByteCursor& in, void* at) {
    return types::readValue(in, static_cast<Stored*>(at)->emplace_back());
  }
};

template <class K, class V>
struct MapElements {
  using Form = MapForm<K, V, false>;
  using Stored = typename Form::Stored;
  static std::size_t count(const void* at) { return static_cast<const Stored*>(at)->size(); }
  static void serializeElement(const void* at, std::size_t position, std::string& out) {
    const auto& entry = static_cast<const Stored*>(at)->at(position);
    types::appendTo(out, entry.key);
    types::appendTo(out, entry.value);
  }
  static bool deserializeElement(types::ByteCursor& in, void* at) {
    K key{};
    bool inserted = false;
    if (!types::readValue(in, key)) return false;
    return types::readValue(in, static_cast<Stored*>(at)->findOrInsert(key, inserted));
  }
};

namespace detail {
template <class Elements>
constexpr ElementOps kElementOps{&valueOps<typename Elements::Form>(), Elements::count,
                                 Elements::serializeElement, Elements::deserializeElement};
}

template <class Elements>
[[nodiscard]] constexpr const ElementOps& elementOps() {
  return detail::kElementOps<Elements>;
}

}  // namespace flink::state
