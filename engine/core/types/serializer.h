#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/types/byte_io.h"
#include "core/types/serializer_aggregates.h"
#include "core/types/serializer_containers.h"
#include "core/types/serializer_core.h"
#include "core/types/serializer_scalars.h"

namespace flink {

/// Values of T can travel between tasks and live in state: T is a value type (no pointer, reference
/// or const), can be default constructed and moved, and every part of it has a TypeSerializer.
template <class T>
concept Serializable = std::is_object_v<T> && std::default_initializable<T> && std::movable<T> &&
    types::detail::serializable<T>();

/// Serializable, comparable, and equal values have equal bytes.
template <class T>
concept KeyType = Serializable<T> && std::equality_comparable<T> && types::detail::ordered<T>();

namespace types {

/// Why `in` did not decode, as Status (kCorruptData).
[[nodiscard]] Status corruptData(const ByteCursor& in, std::string_view what);

template <Serializable T>
void appendTo(std::string& out, const T& value) {
  StringSink sink{out};
  (void)writeValue(value, sink);
}

template <Serializable T>
[[nodiscard]] std::string serialize(const T& value) {
  std::string out;
  appendTo(out, value);
  return out;
}

/// Decodes exactly one value. Errors: kCorruptData, also for bytes left over.
template <Serializable T>
[[nodiscard]] Status deserialize(ByteView bytes, T& value) {
  ByteCursor in(bytes);
  if (!readValue(in, value)) return corruptData(in, "value");
  if (in.remaining() != 0) {
    in.fail("bytes left over");
    return corruptData(in, "value");
  }
  return Status::ok();
}

}  // namespace types
}  // namespace flink
