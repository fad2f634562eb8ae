#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/types/key_group.h"
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

/// What a column of the layout kNamespaceMajor can do beside: deal with a namespace as a whole.
class NamespaceTables {
 public:
  /// A place between two entries. Lifetime: until something is inserted into the namespace.
  struct Cursor {
    types::KeyHash shardStart = 0;
    std::uint32_t slot = 0;
    bool atEnd = false;
  };
  using Visit = std::function<void(const void* key, types::KeyHash hash, const void* value)>;

  virtual ~NamespaceTables() = default;
  /// Those with entries, in order.
  [[nodiscard]] virtual std::vector<Namespace> namespaces() const = 0;
  [[nodiscard]] virtual std::size_t numEntries(Namespace space) const = 0;
  /// Visits up to `maxEntries` entries from the cursor on; true once none is left. `visit` changes
  /// nothing about the column.
  virtual bool visit(Namespace space, Cursor& cursor, std::size_t maxEntries,
                     const Visit& visit) = 0;
  /// Removes all entries of a namespace at once.
  virtual void drop(Namespace space) = 0;
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

  /// Starts loading what is kept for a key of this hash at the current namespace.
  virtual void prefetch(types::KeyHash /*hash*/) const {}
  /// Null unless the layout is kNamespaceMajor.
  [[nodiscard]] virtual NamespaceTables* byNamespace() { return nullptr; }

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
