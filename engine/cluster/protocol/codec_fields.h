#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "cluster/protocol/codec.h"

/// Private to the codecs: one list of fields per struct serves both directions.
/// FLINK_WIRE_FIELDS(T) opens a function over `v` (the struct) and `m` (its protobuf message); when
/// writing `v` is const, when reading `m` is.
namespace flink::protocol {

/// The protobuf message of a struct.
template <class T>
struct WireOf;

namespace wire {
// Structs whose codec another file needs. put and get live beside the messages, so that templates
// find them. `get` is false when the message breaks a rule (length of an id, unknown state).
#define FLINK_DECLARE_WIRE(T)                            \
  class T;                                               \
  void put(const flink::protocol::T& value, T& message); \
  bool get(const T& message, flink::protocol::T& value)
FLINK_DECLARE_WIRE(ResourceProfile);
FLINK_DECLARE_WIRE(JobGraph);
FLINK_DECLARE_WIRE(JobResult);
FLINK_DECLARE_WIRE(FailureInfo);
FLINK_DECLARE_WIRE(TaskIoMetrics);
FLINK_DECLARE_WIRE(TaskManagerView);
FLINK_DECLARE_WIRE(JobOverview);
FLINK_DECLARE_WIRE(SubmitTasks);
#undef FLINK_DECLARE_WIRE
class ExecutionAttemptId;
void put(const flink::ExecutionAttemptId& value, ExecutionAttemptId& message);
bool get(const ExecutionAttemptId& message, flink::ExecutionAttemptId& value);
class ResultPartitionId;
void put(const flink::ResultPartitionId& value, ResultPartitionId& message);
bool get(const ResultPartitionId& message, flink::ResultPartitionId& value);
}  // namespace wire

/// Number of values of an enum on the wire.
template <class E>
inline constexpr int kEnumSize = 0;
template <>
inline constexpr int kEnumSize<JobStatus> = kNumJobStatuses;
template <>
inline constexpr int kEnumSize<ExecutionState> = kNumExecutionStates;
template <>
inline constexpr int kEnumSize<ShipStrategy> = static_cast<int>(ShipStrategy::kCustom) + 1;
template <>
inline constexpr int kEnumSize<ExchangeType> = static_cast<int>(ExchangeType::kBlocking) + 1;
template <>
inline constexpr int kEnumSize<JobType> = static_cast<int>(JobType::kBatch) + 1;
template <>
inline constexpr int kEnumSize<EnvelopeKind> = static_cast<int>(EnvelopeKind::kPong) + 1;

// --- single values
// ----------------------------------------------------------------------------------------------------
template <class W, class T>
W toWire(const T& value) {
  return static_cast<W>(value);
}
template <class W, class Tag, std::size_t N>
W toWire(const Id<Tag, N>& id) {
  return id.isZero() ? W{} : W(id.bytes());
}
template <class W>
W toWire(const TaskManagerId& id) {
  return id.text();
}

template <class W, class T>
bool fromWire(const W& wire, T& value) {
  if constexpr (std::is_same_v<T, Epoch>) {
    value = static_cast<Epoch>(wire);
  } else if constexpr (std::is_enum_v<T>) {
    const auto number = static_cast<std::int64_t>(wire);
    if (number < 0 || number >= kEnumSize<T>) return false;
    value = static_cast<T>(number);
  } else {
    value = wire;
  }
  return true;
}
template <class Tag, std::size_t N>
bool fromWire(const std::string& wire, Id<Tag, N>& id) {
  if (wire.empty()) {
    id = {};
    return true;
  }
  auto parsed = Id<Tag, N>::fromBytes(wire);
  if (parsed) id = *parsed;
  return parsed.has_value();
}
inline bool fromWire(const std::string& wire, TaskManagerId& id) {
  id = TaskManagerId(wire);
  return true;
}

/// `F` is `const W&` for text and `W` for numbers: the type that the field's getter returns.
template <class F>
using WireValue = std::remove_cvref_t<F>;

template <class V>
inline constexpr bool kWriting = std::is_const_v<V>;

// --- repeated fields
// --------------------------------------------------------------------------------------------------
template <class List, class Field>
void putMessages(const List& values, Field& field) {
  field.Reserve(static_cast<int>(values.size()));
  for (const auto& value : values) put(value, *field.Add());
}
template <class List, class Field>
bool getMessages(const Field& field, List& values) {
  values.clear();
  values.reserve(static_cast<std::size_t>(field.size()));
  for (const auto& message : field) {
    if (!get(message, values.emplace_back())) return false;
  }
  return true;
}

template <class List, class Field>
void putValues(const List& values, Field& field) {
  using W = typename Field::value_type;
  field.Reserve(static_cast<int>(values.size()));
  for (const auto& value : values) *field.Add() = toWire<W>(value);
}
template <class Number, std::size_t N, class Field>
void putNumbers(const std::array<Number, N>& values, Field& field) {
  field.Reserve(static_cast<int>(N));
  for (const Number value : values) field.Add(value);
}
template <class List, class Field>
bool getValues(const Field& field, List& values) {
  values.clear();
  values.reserve(static_cast<std::size_t>(field.size()));
  for (const auto& wire : field) {
    if (!fromWire(wire, values.emplace_back())) return false;
  }
  return true;
}
/// One number per enum value; an absent list leaves the defaults.
template <class Number, std::size_t N, class Field>
bool getNumbers(const Field& field, std::array<Number, N>& values) {
  if (field.size() == 0) return true;
  if (field.size() != static_cast<int>(N)) return false;
  std::copy(field.begin(), field.end(), values.begin());
  return true;
}

template <class Map, class Field>
void putEntries(const Map& values, Field& field) {
  field.Reserve(static_cast<int>(values.size()));
  for (const auto& [key, value] : values) {
    auto* entry = field.Add();
    entry->set_key(key);
    entry->set_value(value);
  }
}
template <class Map, class Field>
bool getEntries(const Field& field, Map& values) {
  values.clear();
  for (const auto& entry : field) {
    if (!values.emplace(entry.key(), entry.value()).second) return false;
  }
  return true;
}

}  // namespace flink::protocol

#define FLINK_WIRE_FIELDS(T)                         \
  template <class V, class M>                        \
  requires std::is_same_v<std::remove_const_t<V>, T> \
  bool fields([[maybe_unused]] V& v, [[maybe_unused]] M& m)

#define FLINK_VALUE(member, field)                                   \
  if constexpr (kWriting<V>)                                         \
    m.set_##field(toWire<WireValue<decltype(m.field())>>(v.member)); \
  else if (!fromWire(m.field(), v.member))                           \
  return false

#define FLINK_MESSAGE(member, field)     \
  if constexpr (kWriting<V>)             \
    put(v.member, *m.mutable_##field()); \
  else if (!get(m.field(), v.member))    \
  return false

#define FLINK_OPTIONAL(member, field)                      \
  if constexpr (kWriting<V>) {                             \
    if (v.member) put(*v.member, *m.mutable_##field());    \
  } else if (m.has_##field()) {                            \
    if (!get(m.field(), v.member.emplace())) return false; \
  }                                                        \
  static_assert(true)

#define FLINK_REPEATED(kind, member, field)    \
  if constexpr (kWriting<V>)                   \
    put##kind(v.member, *m.mutable_##field()); \
  else if (!get##kind(m.field(), v.member))    \
  return false
#define FLINK_MESSAGES(member, field) FLINK_REPEATED(Messages, member, field)
#define FLINK_VALUES(member, field) FLINK_REPEATED(Values, member, field)
#define FLINK_NUMBERS(member, field) FLINK_REPEATED(Numbers, member, field)
#define FLINK_ENTRIES(member, field) FLINK_REPEATED(Entries, member, field)

/// Defines put and get of a struct from its fields. REQUIRES: FLINK_WIRE_FIELDS(T) above.
#define FLINK_WIRE_STRUCT(T, W)                                  \
  using W##Struct = T; /* inside wire, T would be the message */ \
  namespace wire {                                               \
  void put(const W##Struct& value, W& message) {                 \
    fields(value, message);                                      \
  }                                                              \
  bool get(const W& message, W##Struct& value) {                 \
    return fields(value, message);                               \
  }                                                              \
  }                                                              \
  static_assert(true)

/// The same, and instantiates encode<T> and decode<T>. REQUIRES: codec_message.inc.
#define FLINK_WIRE_MESSAGE(T, W)      \
  FLINK_WIRE_STRUCT(T, W);            \
  template <>                         \
  struct WireOf<T> {                  \
    using Type = wire::W;             \
  };                                  \
  template Bytes encode<T>(const T&); \
  template Result<T> decode<T>(ByteView)
