#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "dataflow/state/state_column.h"
#include "dataflow/state/value_forms.h"

namespace flink::state {

/// Applies a state's time to live to one value. Where there is none, this is the column itself.
template <class T>
struct ValueAccess {
  /// The live value or null; renews its life where reads do, removes it where it has expired
  /// (`expired` then holds what visibility lets be seen once more).
  static const T* read(StateColumn& column, std::optional<T>& expired) {
    const TtlPolicy* ttl = column.ttl();
    if (ttl == nullptr) [[likely]]
      return static_cast<const T*>(column.find());
    return readWithTtl(column, *ttl, expired);
  }

  /// The value to be changed; what is new or has expired starts as T(), `fresh` tells.
  static T& modify(StateColumn& column, bool& fresh) {
    const TtlPolicy* ttl = column.ttl();
    if (ttl == nullptr) [[likely]]
      return *static_cast<T*>(column.findOrCreate(fresh));
    return modifyWithTtl(column, *ttl, fresh);
  }

 private:
  [[gnu::noinline]] static const T* readWithTtl(StateColumn& column, const TtlPolicy& ttl,
                                                std::optional<T>& expired) {
    const auto* stored = static_cast<const TtlValue<T>*>(column.find());
    if (stored == nullptr) return nullptr;
    const std::int64_t now = ttl.now();
    if (stored->lastAccessMs <= ttl.expiredUpTo(now)) {
      auto* dying = static_cast<TtlValue<T>*>(column.findForUpdate());
      if (ttl.returnsExpired()) expired.emplace(std::move(dying->value));
      column.erase();
      return expired.has_value() ? &*expired : nullptr;
    }
    if (!ttl.renewsOnRead()) return &stored->value;
    auto* renewed = static_cast<TtlValue<T>*>(column.findForUpdate());
    renewed->lastAccessMs = now;
    return &renewed->value;
  }

  [[gnu::noinline]] static T& modifyWithTtl(StateColumn& column, const TtlPolicy& ttl,
                                            bool& fresh) {
    auto* stored = static_cast<TtlValue<T>*>(column.findOrCreate(fresh));
    const std::int64_t now = ttl.now();
    if (!fresh && !ttl.returnsExpired() && stored->lastAccessMs <= ttl.expiredUpTo(now)) {
      stored->value = T();
      fresh = true;
    }
    stored->lastAccessMs = now;
    return stored->value;
  }
};

}  // namespace flink::state
