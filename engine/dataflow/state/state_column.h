#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/clock.h"
#include "dataflow/state/namespace.h"
#include "dataflow/state/state_ttl_config.h"
#include "dataflow/state/value_ops.h"

namespace flink::state {

enum class StateKind : std::uint8_t { kValue, kList, kMap, kReducing, kAggregating };

/// How entries of a keyed state lie in memory.
enum class StateLayout : std::uint8_t {
  kNoNamespace,     ///< one entry per key; its namespace is Namespace{}
  kWithNamespace,   ///< one entry per key and namespace
  kNamespaceMajor,  ///< one table per namespace: few namespaces, dropped as a whole (windows)
};

/// What a backend needs to know to keep a state.
struct StateSpec {
  std::string name;
  StateKind kind = StateKind::kValue;
  const ValueOps* ops = nullptr;
  StateTtlConfig ttl;
  StateLayout layout = StateLayout::kNoNamespace;
};

/// A state's time to live as handles apply it.
class TtlPolicy {
 public:
  TtlPolicy(const StateTtlConfig& config, const Clock& clock) : config_(config), clock_(&clock) {}
  [[nodiscard]] std::int64_t now() const { return clock_->wallMs(); }
  /// What was last accessed then or earlier has expired: last access + ttl <= now, without
  /// overflow.
  [[nodiscard]] std::int64_t expiredUpTo(std::int64_t nowMs) const {
    std::int64_t limit = 0;
    const bool overflow = __builtin_sub_overflow(nowMs, config_.getTimeToLive().count(), &limit);
    return overflow ? INT64_MIN : limit;
  }
  [[nodiscard]] bool renewsOnRead() const {
    return config_.getUpdateType() == StateTtlConfig::UpdateType::OnReadAndWrite;
  }
  [[nodiscard]] bool returnsExpired() const {
    return config_.getStateVisibility() ==
           StateTtlConfig::StateVisibility::ReturnExpiredIfNotCleanedUp;
  }
  [[nodiscard]] const StateTtlConfig& config() const { return config_; }

 private:
  StateTtlConfig config_;
  const Clock* clock_;
};

/// The values of one state, with their type erased: handles know it. Values are reached at the
/// backend's current key and this column's current namespace; pointers are valid until the next
/// call on any column of the backend, or the next key.
/// Thread: one. Errors (thrown, StatusException): kStateNoKey.
class StateColumn {
 public:
  virtual ~StateColumn() = default;
  StateColumn(const StateColumn&) = delete;
  StateColumn& operator=(const StateColumn&) = delete;

  /// The value, or null.
  [[nodiscard]] virtual const void* find() = 0;
  /// The value, or null; counts as changed.
  [[nodiscard]] virtual void* findForUpdate() = 0;
  /// The value, constructed where there was none; counts as changed.
  [[nodiscard]] virtual void* findOrCreate(bool& created) = 0;
  /// Removes the value, if there is one.
  virtual void erase() = 0;

  /// REQUIRES: a layout with namespaces, or Namespace{}.
  void setCurrentNamespace(Namespace space) { namespace_ = space; }
  [[nodiscard]] Namespace currentNamespace() const { return namespace_; }
  [[nodiscard]] const StateSpec& spec() const { return spec_; }
  /// Null without a time to live.
  [[nodiscard]] const TtlPolicy* ttl() const { return hasTtl_ ? &ttl_ : nullptr; }

 protected:
  StateColumn(StateSpec spec, const Clock& clock)
      : spec_(std::move(spec)), ttl_(spec_.ttl, clock), hasTtl_(spec_.ttl.isEnabled()) {}

 private:
  StateSpec spec_;
  Namespace namespace_;
  TtlPolicy ttl_;
  bool hasTtl_;
};

}  // namespace flink::state
