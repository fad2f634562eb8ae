#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "core/types/heap_bytes.h"
#include "core/types/serializer.h"
#include "core/types/type_text.h"
#include "dataflow/state/state_map.h"
#include "dataflow/state/value_ops.h"

namespace flink::state {

/// A value with a life of its own. The value comes first: code that does not care for times sees
/// the same address either way.
template <class T>
struct TtlValue {
  T value{};
  std::int64_t lastAccessMs = 0;
};

/// How one value is kept (`Stored`) and written. The forms of lists and maps are made of it. With a
/// time to live (Ttl) the last access time (8 bytes) is written before the value.
template <class T, bool Ttl>
struct ValueForm {
  using Stored = std::conditional_t<Ttl, TtlValue<T>, T>;
  static constexpr bool kTtl = Ttl;
  static constexpr bool kNoHeap = types::kNoHeap<T>;
  static constexpr std::size_t kMinSize = types::kMinSize<T>;

  static const T& userValue(const Stored& stored) {
    if constexpr (Ttl) {
      return stored.value;
    } else {
      return stored;
    }
  }
  static T& userValue(Stored& stored) { return const_cast<T&>(userValue(std::as_const(stored))); }

  static void write(const Stored& stored, std::string& out) {
    if constexpr (Ttl) types::appendTo(out, stored.lastAccessMs);
    types::appendTo(out, userValue(stored));
  }
  static bool read(types::ByteCursor& in, Stored& stored, const StoredForm& form) {
    std::int64_t lastAccessMs = form.nowMs;
    if (form.withTimes && !types::readValue(in, lastAccessMs)) return false;
    if constexpr (Ttl) stored.lastAccessMs = lastAccessMs;
    return types::readValue(in, userValue(stored));
  }
  static std::size_t heapBytes(const Stored& stored) { return types::heapBytes(userValue(stored)); }
  static bool dropExpired(Stored& stored, std::int64_t lastAccessMs) {
    return stored.lastAccessMs <= lastAccessMs;
  }
  static void describe(std::string& out) { types::appendTypeText<T>(out); }
};

/// A list state: the number of elements, then the elements.
template <class T, bool Ttl>
struct ListForm {
  using Element = ValueForm<T, Ttl>;
  using Stored = std::vector<typename Element::Stored>;
  static constexpr bool kTtl = Ttl;
  static constexpr bool kNoHeap = false;

  static void write(const Stored& stored, std::string& out) {
    types::StringSink sink{out};
    (void)types::writeVarint(stored.size(), sink);
    for (const typename Element::Stored& element : stored) Element::write(element, out);
  }
  static bool read(types::ByteCursor& in, Stored& stored, const StoredForm& form) {
    std::size_t count = 0;
    if (!types::readCount(in, Element::kMinSize + (form.withTimes ? 8 : 0), count)) return false;
    stored.clear();
    stored.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (!Element::read(in, stored.emplace_back(), form)) return false;
    }
    return true;
  }
  static std::size_t heapBytes(const Stored& stored) {
    std::size_t sum = stored.capacity() * sizeof(typename Element::Stored);
    if constexpr (!Element::kNoHeap) {
      for (const typename Element::Stored& element : stored) sum += Element::heapBytes(element);
    }
    return sum;
  }
  static bool dropExpired(Stored& stored, std::int64_t lastAccessMs) {
    std::erase_if(stored, [&](const typename Element::Stored& element) {
      return element.lastAccessMs <= lastAccessMs;
    });
    return stored.empty();
  }
  static void describe(std::string& out) {
    out += "list(";
    Element::describe(out);
    out += ')';
  }
};

/// A map state: the number of entries, then key and value of each.
template <class UK, class UV, bool Ttl>
struct MapForm {
  using Value = ValueForm<UV, Ttl>;
  using Stored = StateMap<UK, typename Value::Stored>;
  static constexpr bool kTtl = Ttl;
  static constexpr bool kNoHeap = false;

  static void write(const Stored& stored, std::string& out) {
    types::StringSink sink{out};
    (void)types::writeVarint(stored.size(), sink);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      types::appendTo(out, stored.at(i).key);
      Value::write(stored.at(i).value, out);
    }
  }
  static bool read(types::ByteCursor& in, Stored& stored, const StoredForm& form) {
    std::size_t count = 0;
    const std::size_t minSize =
        types::kMinSize<UK> + Value::kMinSize + std::size_t{form.withTimes ? 8U : 0U};
    if (!types::readCount(in, minSize, count)) return false;
    stored = Stored();
    for (std::size_t i = 0; i < count; ++i) {
      UK key{};
      bool inserted = false;
      if (!types::readValue(in, key)) return false;
      if (!Value::read(in, stored.findOrInsert(key, inserted), form)) return false;
      if (!inserted) return in.fail("key occurs twice");
    }
    return true;
  }
  static std::size_t heapBytes(const Stored& stored) {
    std::size_t sum = stored.ownBytes();
    if constexpr (!types::kNoHeap<UK> || !Value::kNoHeap) {
      for (std::size_t i = 0; i < stored.size(); ++i) {
        sum += types::heapBytes(stored.at(i).key) + Value::heapBytes(stored.at(i).value);
      }
    }
    return sum;
  }
  static bool dropExpired(Stored& stored, std::int64_t lastAccessMs) {
    for (std::size_t i = stored.size(); i-- > 0;) {
      if (stored.at(i).value.lastAccessMs <= lastAccessMs) stored.eraseAt(i);
    }
    return stored.empty();
  }
  static void describe(std::string& out) {
    out += "map(";
    types::appendTypeText<UK>(out);
    out += ',';
    Value::describe(out);
    out += ')';
  }
};

}  // namespace flink::state
