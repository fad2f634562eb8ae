#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "core/types/heap_bytes.h"
#include "core/types/key_hash.h"
#include "core/types/serializer.h"
#include "core/types/type_text.h"

namespace flink::state {

/// How a snapshot's values were written, as far as it matters for reading them.
struct StoredForm {
  bool withTimes = false;  ///< a last access time stands before each value with a life of its own
  std::int64_t nowMs = 0;  ///< the last access time of values that were written without
};

/// All that tables need to know about a type of values: filled from templates once per type, so
/// that the tables themselves are compiled once.
struct ValueOps {
  std::size_t size;
  std::size_t align;
  bool trivial;  ///< moved by copying bytes, destroyed by forgetting
  void (*construct)(void* at);
  void (*destroy)(void* value);
  void (*relocate)(void* to, void* from);  ///< moves and destroys; does not throw
  void (*serialize)(const void* value, std::string& out);
  bool (*deserialize)(types::ByteCursor& in, void* value, const StoredForm& form);
  std::size_t (*heapBytes)(const void* value);  ///< null: never any
  /// Removes what was last accessed at `lastAccessMs` or before; true when nothing is left. Null
  /// without a time to live.
  bool (*dropExpired)(void* value, std::int64_t lastAccessMs);
  void (*describe)(std::string& out);  ///< the type, see appendTypeText()
};

/// The same for a type of keys.
struct KeyOps {
  std::size_t size;
  std::size_t align;
  bool trivial;    ///< as in ValueOps
  bool sameBytes;  ///< equal exactly when the bytes in memory are
  bool cheapHash;  ///< the hash is computed rather than kept
  void (*copy)(void* to, const void* from);
  void (*destroy)(void* key);
  void (*relocate)(void* to, void* from);
  bool (*equal)(const void* a, const void* b);
  types::KeyHash (*hash)(const void* key);
  void (*serialize)(const void* key, std::string& out);
  void (*construct)(void* at);
  bool (*deserialize)(types::ByteCursor& in, void* key);
  std::size_t (*heapBytes)(const void* key);  ///< null: never any
  void (*describe)(std::string& out);
};

namespace detail {

template <class T>
void constructAt(void* at) {
  new (at) T();
}
template <class T>
void destroyAt(void* object) {
  static_cast<T*>(object)->~T();
}
template <class T>
void relocateTo(void* to, void* from) {
  T* source = static_cast<T*>(from);
  new (to) T(std::move(*source));
  source->~T();
}
template <class T>
std::size_t heapBytesOf(const void* object) {
  return types::heapBytes(*static_cast<const T*>(object));
}

template <KeyType K>
struct KeyOpsOf {
  static const K& key(const void* at) { return *static_cast<const K*>(at); }
  static void copy(void* to, const void* from) { new (to) K(key(from)); }
  static bool equal(const void* a, const void* b) { return types::sameKey(key(a), key(b)); }
  static types::KeyHash hash(const void* at) { return types::keyHash(key(at)); }
  static void serialize(const void* at, std::string& out) { types::appendTo(out, key(at)); }
  static bool deserialize(types::ByteCursor& in, void* at) {
    return types::readValue(in, *static_cast<K*>(at));
  }
  static constexpr KeyOps kOps{sizeof(K),
                               alignof(K),
                               std::is_trivially_copyable_v<K>,
                               types::kTriviallySerializable<K>,
                               types::kFixedSize<K> != 0 && types::kFixedSize<K> <= 16,
                               copy,
                               destroyAt<K>,
                               relocateTo<K>,
                               equal,
                               hash,
                               serialize,
                               constructAt<K>,
                               deserialize,
                               types::kNoHeap<K> ? nullptr : heapBytesOf<K>,
                               types::appendTypeText<K>};
};

/// `Form` says how one kind of state is kept and written, see value_forms.h.
template <class Form>
struct ValueOpsOf {
  using Stored = typename Form::Stored;
  static void serialize(const void* value, std::string& out) {
    Form::write(*static_cast<const Stored*>(value), out);
  }
  static bool deserialize(types::ByteCursor& in, void* value, const StoredForm& form) {
    return Form::read(in, *static_cast<Stored*>(value), form);
  }
  static std::size_t heapBytes(const void* value) {
    return Form::heapBytes(*static_cast<const Stored*>(value));
  }
  static bool dropExpired(void* value, std::int64_t lastAccessMs) {
    if constexpr (Form::kTtl) {
      return Form::dropExpired(*static_cast<Stored*>(value), lastAccessMs);
    } else {
      return false;
    }
  }
  static constexpr ValueOps kOps{sizeof(Stored),
                                 alignof(Stored),
                                 std::is_trivially_copyable_v<Stored>,
                                 constructAt<Stored>,
                                 destroyAt<Stored>,
                                 relocateTo<Stored>,
                                 serialize,
                                 deserialize,
                                 Form::kNoHeap ? nullptr : heapBytes,
                                 Form::kTtl ? dropExpired : nullptr,
                                 Form::describe};
};

}  // namespace detail

template <class K>
[[nodiscard]] constexpr const KeyOps& keyOps() {
  return detail::KeyOpsOf<K>::kOps;
}

template <class Form>
[[nodiscard]] constexpr const ValueOps& valueOps() {
  return detail::ValueOpsOf<Form>::kOps;
}

}  // namespace flink::state
