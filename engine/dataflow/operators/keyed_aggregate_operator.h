#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "core/types/heap_bytes.h"
#include "core/types/key_hash.h"
#include "dataflow/operators/aggregations.h"
#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/spill_settings.h"
#include "dataflow/state/spilling_aggregator.h"
#include "dataflow/state/value_forms.h"

namespace flink::operators {

/// The key beside the value.
template <class K, class T>
struct KeyedEntry {
  K key;
  T value;
};

template <class T, class Selector>
struct StoredKeyLayout {
  using Key = KeyOf<Selector, T>;
  using Entry = KeyedEntry<Key, T>;
  struct EntryKey {
    const Key& operator()(const Entry& entry) const { return entry.key; }
  };
  static EntryKey entryKey(const Selector&) { return {}; }
  static Entry make(const auto& key, const T& record) { return {Key(key), record}; }
  static T& value(Entry& entry) { return entry.value; }
};

/// The value alone; its key is selected again when it is needed.
template <class T, class Selector>
struct KeyInRecordLayout {
  using Entry = T;
  struct EntryKey {
    mutable Selector selector;
    const auto& operator()(const T& entry) const { return callKeySelector(selector, entry); }
  };
  static EntryKey entryKey(const Selector& selector) { return {selector}; }
  static Entry make(const auto&, const T& record) { return record; }
  static T& value(Entry& entry) { return entry; }
};

/// Whether the aggregate leaves the selected key alone, told by types: a string inside the record
/// that no combiner of numbers can touch. Small keys are cheaper beside the value.
template <class T, class Selector, class Combiner>
consteval bool keyStaysInRecord() {
  using Selected = decltype(callKeySelector(std::declval<Selector&>(), std::declval<const T&>()));
  if constexpr (!std::is_lvalue_reference_v<Selected> ||
                !std::is_same_v<KeyOf<Selector, T>, std::string> ||
                !std::is_same_v<std::remove_cvref_t<Selected>, std::string>) {
    return false;
  } else if constexpr (Combiner::kKeepsKey) {
    return true;
  } else if constexpr (requires(Combiner & c) { c.field; }) {
    return std::is_arithmetic_v<FieldType<decltype(Combiner::field), T>>;
  } else {
    return false;
  }
}

/// Folds the records of each key into one value. STREAMING: emits the running value, which is keyed
/// state, for every record. BATCH: emits each key once, at the end, and spills past its managed
/// memory.
template <class T, class Selector, class Combiner>
class KeyedAggregateOperator final : public OneInputOperator<T> {
 public:
  using Layout = std::conditional_t<keyStaysInRecord<T, Selector, Combiner>(),
                                    KeyInRecordLayout<T, Selector>, StoredKeyLayout<T, Selector>>;
  using Entry = typename Layout::Entry;
  using EntryKey = typename Layout::EntryKey;
  using Table = state::KeyedTable<Entry, EntryKey>;

  KeyedAggregateOperator(const OperatorOutputs& outputs, Selector selector, Combiner combiner)
      : selector_(std::move(selector)),
        combiner_(std::move(combiner)),
        output_(outputs, ""),
        keys_({selector_}) {}
  [[nodiscard]] const state::KeyOps* stateKey() const override { return keys_.keyOps(); }
  [[nodiscard]] static bool usesManagedMemory(bool batchMode) { return batchMode; }

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    keys_.open(context);
    if constexpr (requires(Combiner & c) { c.function; }) this->openFunction(combiner_.function);
    if (context.batchMode) {
      aggregator_ =
          std::make_unique<Aggregator>(spillBudget(context), *context.files, spillPath(context),
                                       Layout::entryKey(selector_), MergeEntries{&combiner_});
    } else {
      running_ = valueOrThrow(
          context.state.keyedState->column({"_op_state",
                                            state::StateKind::kValue,
                                            &state::valueOps<state::ValueForm<T, false>>(),
                                            {},
                                            state::StateLayout::kNoNamespace}));
    }
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    if (aggregator_ == nullptr) {
      emitRunningValues(batch);
    } else {
      accumulateAll(batch);
    }
    this->countOut(output_.numRecords());
  }

  bool finish(std::size_t maxRecords) override {
    if (aggregator_ == nullptr) return true;
    const bool done =
        valueOrThrow(aggregator_->drain(std::max<std::size_t>(1, maxRecords), [this](Entry& entry) {
          output_.collect(std::move(Layout::value(entry)));
        }));
    output_.flush();
    this->countOut(output_.numRecords());
    return done;
  }

  void close() override {
    if constexpr (requires(Combiner & c) { c.function; }) this->closeFunction(combiner_.function);
    aggregator_.reset();
    OperatorBase::close();
  }

 private:
  struct MergeEntries {
    Combiner* combiner;
    void operator()(Entry& earlier, Entry& later) const {
      (*combiner)(Layout::value(earlier), Layout::value(later));
    }
  };
  using Aggregator = state::SpillingAggregator<Entry, EntryKey, MergeEntries>;

  /// Records ahead whose entries are being loaded; tables that fit the caches do without.
  static constexpr std::size_t kPrefetchDistance = 16;
  static constexpr std::size_t kPrefetchFromBytes = std::size_t{1} << 20;

  void emitRunningValues(const Batch<T>& batch) {
    keys_.enterBatch(batch);
    const std::atomic<bool>& requested = *currentInterruption.requested;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      checkInterruption(requested);
      keys_.enterRecord(batch, i);
      T& record = batch.records[i];
      bool isNew = false;
      T& kept = *static_cast<T*>(running_->findOrCreate(isNew));
      if (isNew) {
        kept = std::as_const(record);
      } else {
        combiner_(kept, std::as_const(record));
        record = std::as_const(kept);
      }
    }
    keys_.leaveBatch();
    output_.forward(batch.records, batch.timestamps);
  }

  void accumulateAll(Batch<T> batch) {
    while (!batch.records.empty()) {
      const std::size_t n = std::min(batch.records.size(), kBatchSize);
      const std::span<T> records = batch.records.first(n);
      const types::KeyHash* hashes = batch.keyHashes;
      if (hashes == nullptr) {
        for (std::size_t i = 0; i < n; ++i) {
          hashes_[i] = types::keyHash(callKeySelector(selector_, std::as_const(records[i])));
        }
        hashes = hashes_;
      }
      accumulate(records, hashes);
      batch.records = batch.records.subspan(n);
      if (batch.keyHashes != nullptr) batch.keyHashes += n;
    }
  }

  void accumulate(std::span<T> records, const types::KeyHash* hashes) {
    Table& table = aggregator_->table();
    const std::size_t n = records.size();
    const std::size_t ahead = table.slotBytes() >= kPrefetchFromBytes ? kPrefetchDistance : n;
    for (std::size_t i = 0; i < std::min(ahead, n) && ahead != n; ++i) table.prefetch(hashes[i]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i + ahead < n) table.prefetch(hashes[i + ahead]);
      const T& record = records[i];
      auto&& key = callKeySelector(selector_, record);
      const auto [entry, isNew] =
          table.findOrInsert(hashes[i], key, [&] { return Layout::make(key, record); });
      addTo(*entry, record, isNew);
    }
    throwIfError(aggregator_->checkBudget());
  }

  void addTo(Entry& entry, const T& record, bool isNew) {
    if (isNew) {
      if constexpr (!types::kNoHeap<Entry>) aggregator_->charge(types::heapBytes(entry));
    } else if constexpr (types::kNoHeap<T>) {
      combiner_(Layout::value(entry), record);
    } else {
      const std::size_t before = types::heapBytes(Layout::value(entry));
      combiner_(Layout::value(entry), record);
      aggregator_->charge(types::heapBytes(Layout::value(entry)) - before);
    }
  }

  Selector selector_;
  Combiner combiner_;
  Output<T> output_;
  KeyedInput<KeyedBy<KeyOf<Selector, T>, Selector>> keys_;
  state::StateColumn* running_ = nullptr;   ///< of streams
  std::unique_ptr<Aggregator> aggregator_;  ///< of batches
  types::KeyHash hashes_[kBatchSize];
};

}  // namespace flink::operators
