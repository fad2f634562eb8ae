#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/types/heap_bytes.h"
#include "core/types/serializer.h"
#include "dataflow/state/keyed_table.h"
#include "dataflow/state/spill_file.h"

namespace flink::state {

/// Aggregates any number of keys in bounded memory and gives each key out once. Past the budget the
/// table is written, sorted by hash, to a temporary file and starts anew; at the end the files are
/// merged. `Entry` is serializable; `Merge`: void operator()(Entry& earlier, Entry& later) folds
/// the later part into the earlier. Thread: one.
template <class Entry, class KeyOf, class Merge>
class SpillingAggregator {
 public:
  using Table = KeyedTable<Entry, KeyOf>;

  SpillingAggregator(std::size_t budgetBytes, FileSystem& files, std::string directory, KeyOf keyOf,
                     Merge merge)
      : table_(keyOf),
        budget_(budgetBytes),
        directory_(files, std::move(directory)),
        keyOf_(std::move(keyOf)),
        merge_(std::move(merge)) {}

  [[nodiscard]] Table& table() { return table_; }
  /// Tells how much memory entries gained beside their slots.
  void charge(std::size_t heapBytes) { heapBytes_ += heapBytes; }
  [[nodiscard]] std::size_t numSpills() const { return runs_.size(); }

  /// To be called between batches: spills when the budget is used up.
  Status checkBudget() {
    if (table_.slotBytes() + heapBytes_ <= budget_ || table_.size() == 0) [[likely]]
      return Status::ok();
    return spill();
  }

  /// Gives out up to `maxEntries` entries through emit(Entry&); true once none is left. No more
  /// insertions afterwards.
  template <class Emit>
  Result<bool> drain(std::size_t maxEntries, Emit&& emit) {
    if (runs_.empty()) {
      if (!cursor_.has_value()) cursor_.emplace(table_.hashOrder());
      for (std::size_t i = 0; i < maxEntries; ++i) {
        Entry* entry = cursor_->next();
        if (entry == nullptr) return true;
        emit(*entry);
      }
      return false;
    }
    if (merger_ == nullptr) {
      if (table_.size() > 0) FLINK_RETURN_IF_ERROR(spill());
      FLINK_ASSIGN_OR_RETURN(merger_, SpillMerger::open(directory_, runs_));
      FLINK_ASSIGN_OR_RETURN(more_, merger_->next());
    }
    for (std::size_t emitted = 0; emitted < maxEntries;) {
      if (!more_) return true;
      FLINK_RETURN_IF_ERROR(collectEqualHashes());
      for (Entry& entry : group_) emit(entry);
      emitted += group_.size();
    }
    return !more_;
  }

 private:
  [[gnu::noinline]] Status spill() {
    FLINK_ASSIGN_OR_RETURN(auto writer, SpillWriter::open(directory_));
    typename Table::HashOrderCursor cursor = table_.hashOrder();
    while (const Entry* entry = cursor.next()) {
      writer->beginRecord(cursor.hash());
      types::appendTo(writer->buffer(), *entry);
      FLINK_RETURN_IF_ERROR(writer->endRecord());
    }
    FLINK_RETURN_IF_ERROR(writer->finish());
    runs_.push_back(writer->path());
    table_.clear();
    heapBytes_ = 0;
    return Status::ok();
  }

  /// Fills group_ with one entry per key of the merger's current hash.
  [[gnu::noinline]] Status collectEqualHashes() {
    group_.clear();
    const KeyHash hash = merger_->hash();
    while (more_ && merger_->hash() == hash) {
      Entry part;
      FLINK_RETURN_IF_ERROR(types::deserialize(merger_->record(), part));
      auto same = group_.begin();
      while (same != group_.end() &&
             !types::sameKey(keyOf_(std::as_const(*same)), keyOf_(std::as_const(part))))
        ++same;
      if (same == group_.end()) {
        group_.push_back(std::move(part));
      } else {
        merge_(*same, part);
      }
      FLINK_ASSIGN_OR_RETURN(more_, merger_->next());
    }
    return Status::ok();
  }

  Table table_;
  std::size_t budget_;
  std::size_t heapBytes_ = 0;
  SpillDirectory directory_;
  std::vector<std::string> runs_;
  std::optional<typename Table::HashOrderCursor> cursor_;
  std::unique_ptr<SpillMerger> merger_;
  bool more_ = false;
  std::vector<Entry> group_;
  [[no_unique_address]] KeyOf keyOf_;
  [[no_unique_address]] Merge merge_;
};

}  // namespace flink::state
