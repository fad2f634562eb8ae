#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "dataflow/operators/checkpointed_function.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/output.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/value_ops.h"

namespace flink::operators {

/// How an operator gets the keys of an input: it has none.
struct NoKeys {};

/// Keys of type K, by a selector.
template <class K, class Selector>
struct KeyedBy {
  using Key = K;
  Selector selector;
};

/// Whether a function can ask for keyed state: only then its operator has to know the keys.
template <class F>
inline constexpr bool kMayUseState =
    std::is_base_of_v<RichFunction, F> || std::is_base_of_v<CheckpointedFunction, F>;

/// Makes the key of each record the current one while the record is processed.
/// Thread: the task's step.
template <class Keys>
class KeyedInput {
 public:
  static constexpr bool kHasKeys = true;
  using Key = typename Keys::Key;

  explicit KeyedInput(Keys keys) : keys_(std::move(keys)) {}
  [[nodiscard]] static const state::KeyOps* keyOps() { return &state::keyOps<Key>(); }
  void open(OperatorContext& context) { backend_ = context.state.keyedState; }

  /// Begins a batch: its first records' state is on its way to the caches.
  template <class T>
  void enterBatch(const Batch<T>& batch) {
    if (backend_ == nullptr || batch.keyHashes == nullptr) return;
    const std::size_t n = std::min(batch.records.size(), kPrefetchDistance);
    for (std::size_t i = 0; i < n; ++i) backend_->prefetch(batch.keyHashes[i]);
  }
  template <class T>
  void enterRecord(const Batch<T>& batch, std::size_t index) {
    if (backend_ == nullptr) return;
    const Key& key = select(std::as_const(batch.records[index]));
    if (batch.keyHashes == nullptr) {
      backend_->setCurrentKey(&key, types::keyHash(key));
      return;
    }
    if (index + kPrefetchDistance < batch.records.size())
      backend_->prefetch(batch.keyHashes[index + kPrefetchDistance]);
    backend_->setCurrentKey(&key, batch.keyHashes[index]);
  }
  void leaveRecord() {
    if (backend_ != nullptr) backend_->cleanupAfterRecord();
  }
  void leaveBatch() {
    if (backend_ != nullptr) backend_->clearCurrentKey();
  }

 private:
  static constexpr std::size_t kPrefetchDistance = 16;

  template <class T>
  const Key& select(const T& record) {
    decltype(auto) selected = callKeySelector(keys_.selector, record);
    if constexpr (std::is_lvalue_reference_v<decltype(selected)> &&
                  std::is_same_v<std::remove_cvref_t<decltype(selected)>, Key>) {
      return selected;
    } else {
      key_ = std::move(selected);
      return key_;
    }
  }

  Keys keys_;
  state::KeyedStateBackend* backend_ = nullptr;
  Key key_{};
};

template <>
class KeyedInput<NoKeys> {
 public:
  static constexpr bool kHasKeys = false;
  explicit KeyedInput(NoKeys /*keys*/) {}
  [[nodiscard]] static const state::KeyOps* keyOps() { return nullptr; }
  void open(OperatorContext& /*context*/) {}
};

/// forEachRecord() with the key of each record as the current one.
template <class In, class Keys, class Each, class... Outputs>
void forEachKeyedRecord(const Batch<In>& batch, KeyedInput<Keys>& keys, Each&& each,
                        Outputs&... outputs) {
  if constexpr (!KeyedInput<Keys>::kHasKeys) {
    forEachRecord(batch, each, outputs...);
  } else {
    keys.enterBatch(batch);
    std::size_t index = 0;
    forEachRecord(
        batch,
        [&](In& record) {
          keys.enterRecord(batch, index++);
          // As a constant: the key may lie inside.
          each(std::as_const(record));
          keys.leaveRecord();
        },
        outputs...);
    keys.leaveBatch();
  }
}

}  // namespace flink::operators
