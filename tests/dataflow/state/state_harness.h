#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/clock.h"
#include "core/base/status_exception.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/make_state.h"

namespace flink::state {

/// A clock that stands where a test puts it.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return MonotonicTime(Duration(ms * 1000000)); }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis(ms); }
  std::int64_t ms = 0;
};

using Blocks = std::vector<std::pair<BlockInfo, std::string>>;

class CollectingSink final : public SnapshotSink {
 public:
  Status writeBlock(const BlockInfo& info, ByteView content) override {
    blocks.emplace_back(info, std::string(asText(content)));
    return Status::ok();
  }
  Blocks blocks;
};

/// A hashmap backend for keys of type K, the current key among them.
template <class K>
class Keyed {
 public:
  explicit Keyed(const Clock& clock, types::KeyGroupRange keyGroups = {0, 127}) {
    KeyedBackendOptions options;
    options.key = &keyOps<K>();
    options.keyGroups = keyGroups;
    options.clock = &clock;
    backend_ = makeHashMapStateBackend(std::move(options));
  }
  KeyedStateBackend& operator*() { return *backend_; }
  KeyedStateBackend* operator->() { return backend_.get(); }

  Keyed& at(K key) {
    key_ = std::make_unique<K>(std::move(key));
    backend_->setCurrentKey(key_.get(), types::keyHash(*key_));
    return *this;
  }
  template <class Descriptor>
  auto state(const Descriptor& descriptor, StateLayout layout = StateLayout::kNoNamespace) {
    return valueOrThrow(makeState(*backend_, descriptor, layout));
  }
  TimerQueue& timers(const std::string& name) { return *valueOrThrow(backend_->timerQueue(name)); }

  /// A whole snapshot at once.
  Blocks snapshot(SnapshotId id, SnapshotMode mode) {
    CollectingSink sink;
    backend_->beginSnapshot(id, mode);
    while (!valueOrThrow(backend_->continueSnapshot(sink, 100))) {
    }
    return sink.blocks;
  }
  void restore(const Blocks& blocks) {
    for (const auto& [info, content] : blocks) {
      throwIfError(backend_->restoreBlock(info, asBytes(content)));
    }
  }

 private:
  std::unique_ptr<KeyedStateBackend> backend_;
  std::unique_ptr<K> key_;
};

/// The error id that `action` throws, or "".
template <class Action>
std::string errorOf(Action&& action) {
  try {
    action();
  } catch (const StatusException& failure) {
    return std::string(failure.status().id());
  }
  return "";
}

}  // namespace flink::state
