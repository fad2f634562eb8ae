#include "dataflow/state/hash_map_state_backend.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/state/state_failures.h"

namespace flink::state {

namespace {

/// States beyond these are not prefetched: too many lines at once help nobody.
constexpr std::size_t kMaxPrefetched = 4;

bool isTimerKind(BlockKind kind) {
  return kind == BlockKind::kTimers || kind == BlockKind::kTimersDelta;
}

std::string_view kindName(StateKind kind) {
  switch (kind) {
    case StateKind::kValue:
      return "value";
    case StateKind::kList:
      return "list";
    case StateKind::kMap:
      return "map";
    case StateKind::kReducing:
      return "reducing";
    case StateKind::kAggregating:
      return "aggregating";
  }
  return "unknown";
}

std::string_view layoutName(StateLayout layout) {
  switch (layout) {
    case StateLayout::kNoNamespace:
      return "no namespaces";
    case StateLayout::kWithNamespace:
      return "namespaces";
    case StateLayout::kNamespaceMajor:
      return "a table per namespace";
  }
  return "unknown";
}

Status incompatible(std::string_view what, const std::string& state, std::string_view wanted,
                    std::string_view had) {
  return {ErrorCode::kStateIncompatible,
          fmt::format("state has another {}: state={} wanted={} had={}", what, state, wanted, had)};
}

/// Copies of keys, each at an address of its own that stays.
class KeyCopies {
 public:
  explicit KeyCopies(const KeyOps& ops)
      : ops_(ops), stride_((ops.size + ops.align - 1) / ops.align * ops.align) {}
  ~KeyCopies() { clear(); }
  KeyCopies(const KeyCopies&) = delete;
  KeyCopies& operator=(const KeyCopies&) = delete;

  void reserve(std::size_t n) {
    clear();
    memory_ = static_cast<std::byte*>(
        ::operator new(std::max<std::size_t>(1, n) * stride_, std::align_val_t(ops_.align)));
  }
  /// REQUIRES: reserved.
  void add(const void* key, types::KeyHash hash) {
    ops_.copy(memory_ + hashes_.size() * stride_, key);
    hashes_.push_back(hash);
  }
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }
  [[nodiscard]] const void* key(std::size_t i) const { return memory_ + i * stride_; }
  [[nodiscard]] types::KeyHash hash(std::size_t i) const { return hashes_[i]; }

 private:
  void clear() {
    if (memory_ == nullptr) return;
    for (std::size_t i = 0; i < hashes_.size(); ++i) ops_.destroy(memory_ + i * stride_);
    ::operator delete(memory_, std::align_val_t(ops_.align));
    memory_ = nullptr;
    hashes_.clear();
  }

  const KeyOps& ops_;
  std::size_t stride_;
  std::byte* memory_ = nullptr;
  std::vector<types::KeyHash> hashes_;
};

}  // namespace

std::unique_ptr<KeyedStateBackend> makeHashMapStateBackend(KeyedBackendOptions options) {
  return std::make_unique<HashMapStateBackend>(std::move(options));
}

HashMapStateBackend::HashMapStateBackend(KeyedBackendOptions options)
    : KeyedStateBackend(std::move(options)) {
  keyOps().describe(keyType_);
}

BlockHeader HashMapStateBackend::headerOf(const std::string& name, StateKind kind,
                                          bool timers) const {
  BlockHeader header;
  header.stateName = name;
  header.baseKind = timers ? BlockKind::kTimers : BlockKind::kKeyedBase;
  header.deltaKind = timers ? BlockKind::kTimersDelta : BlockKind::kKeyedDelta;
  header.stateKind = kind;
  header.keyType = keyType_;
  header.maxParallelism = maxParallelism();
  return header;
}

Result<StateColumn*> HashMapStateBackend::column(const StateSpec& spec) {
  BlockHeader header = headerOf(spec.name, spec.kind, false);
  header.withNamespaces = spec.layout != StateLayout::kNoNamespace;
  header.withTimes = spec.ttl.isEnabled();
  spec.ops->describe(header.valueType);
  if (const auto found = columns_.find(spec.name); found != columns_.end()) {
    FLINK_RETURN_IF_ERROR(checkAsked(found->second, spec, header));
    return found->second.handle();
  }
  FLINK_RETURN_IF_ERROR(checkStateName(spec.name));
  if (spec.layout == StateLayout::kNamespaceMajor && spec.ttl.isEnabled())
    return Status(ErrorCode::kUnsupported,
                  fmt::format("state of whole windows has no time to live: state={}", spec.name));
  Column column = makeColumn(spec, std::move(header));
  FLINK_RETURN_IF_ERROR(adopt(column.part(), false));
  if (spec.layout == StateLayout::kNoNamespace && prefetched_.size() < kMaxPrefetched)
    prefetched_.push_back(&column.values());
  if (spec.ttl.isEnabled() && spec.ttl.runsCleanupForEveryRecord())
    cleanedPerRecord_.push_back(column.flat.get());
  return columns_.emplace(spec.name, std::move(column)).first->second.handle();
}

SnapshotPart& HashMapStateBackend::Column::part() const {
  return flat != nullptr ? static_cast<SnapshotPart&>(*flat) : *namespaceMajor;
}

StateColumn& HashMapStateBackend::Column::values() const {
  return flat != nullptr ? static_cast<StateColumn&>(*flat) : *namespaceMajor;
}

Status HashMapStateBackend::checkAsked(const Column& had, const StateSpec& spec,
                                       const BlockHeader& wanted) {
  const BlockHeader& header = had.part().header();
  if (header.stateKind != spec.kind)
    return incompatible("kind", spec.name, kindName(spec.kind), kindName(header.stateKind));
  if (header.valueType != wanted.valueType || header.withTimes != wanted.withTimes)
    return incompatible("type", spec.name, wanted.valueType, header.valueType);
  if (had.layout != spec.layout)
    return incompatible("layout", spec.name, layoutName(spec.layout), layoutName(had.layout));
  return Status::ok();
}

HashMapStateBackend::Column HashMapStateBackend::makeColumn(const StateSpec& spec,
                                                            BlockHeader header) const {
  Column column{spec.layout, nullptr, nullptr, nullptr};
  if (spec.layout == StateLayout::kNamespaceMajor) {
    column.namespaceMajor =
        std::make_unique<NamespaceMajorColumn>(spec, std::move(header), options(), current());
  } else {
    column.flat = std::make_unique<HashMapColumn>(spec, std::move(header), options(), current());
  }
  if (options().latency.enabled && options().metrics != nullptr)
    column.measured = std::make_unique<LatencyColumn>(column.values(), options());
  return column;
}

Result<TimerQueue*> HashMapStateBackend::timerQueue(const std::string& name) {
  if (const auto found = queues_.find(name); found != queues_.end()) return found->second.get();
  BlockHeader header = headerOf(name, StateKind::kValue, true);
  header.withNamespaces = true;
  header.valueType = "timer";
  auto queue = std::make_unique<HeapTimerQueue>(name, std::move(header), options(), current());
  FLINK_RETURN_IF_ERROR(adopt(*queue, true));
  return queues_.emplace(name, std::move(queue)).first->second.get();
}

Status HashMapStateBackend::checkTypes(const BlockReader& block, const BlockHeader& wanted) const {
  const std::string& name = wanted.stateName;
  if (block.stateKind() != wanted.stateKind)
    return incompatible("kind", name, kindName(wanted.stateKind), kindName(block.stateKind()));
  if (block.valueType() != wanted.valueType)
    return incompatible("type", name, wanted.valueType, block.valueType());
  if (block.withNamespaces() && !wanted.withNamespaces)
    return incompatible("layout", name, "no namespaces", "namespaces");
  return Status::ok();
}

/// Fills a new part from what was restored and makes it take part in snapshots.
Status HashMapStateBackend::adopt(SnapshotPart& part, bool timers) {
  const auto found = restored_.find({timers, part.header().stateName});
  if (found != restored_.end()) {
    EntryDecoder entry(keyOps(), maxParallelism());
    for (const auto& [info, content] : *found->second) {
      FLINK_ASSIGN_OR_RETURN(BlockReader block, BlockReader::open(info, asBytes(content)));
      FLINK_RETURN_IF_ERROR(checkTypes(block, part.header()));
      for (;;) {
        FLINK_ASSIGN_OR_RETURN(const bool any, entry.next(block));
        if (!any) break;
        if (keyGroups().contains(entry.keyGroup()))
          FLINK_RETURN_IF_ERROR(part.restore(block, entry));
      }
    }
    part.finishRestore();
    restored_.erase(found);
  }
  if (tracking_) part.startTracking();
  parts_.push_back(&part);
  return Status::ok();
}

Status HashMapStateBackend::restoreBlock(const BlockInfo& info, ByteView content) {
  const bool timers = isTimerKind(info.kind);
  FLINK_ASSIGN_OR_RETURN(const BlockReader block, BlockReader::open(info, content));
  if (!timers && info.kind != BlockKind::kKeyedBase && info.kind != BlockKind::kKeyedDelta)
    return block.corrupt("not a block of keyed state");
  if (info.firstKeyGroup > info.lastKeyGroup || info.lastKeyGroup >= maxParallelism())
    return block.corrupt("key groups out of range");
  if (block.keyType() != keyType_)
    return incompatible("key type", info.stateName, keyType_, block.keyType());
  const types::KeyGroupRange own = keyGroups();
  if (info.firstKeyGroup > own.last || info.lastKeyGroup < own.first) return Status::ok();
  BlockInfo kept = info;
  std::string bytes(asText(content));
  if (info.firstKeyGroup < own.first || info.lastKeyGroup > own.last) {
    FLINK_RETURN_IF_ERROR(filterBlock(kept, bytes, keyOps(), maxParallelism(), own));
    if (bytes.empty()) return Status::ok();
  }
  std::shared_ptr<Blocks>& blocks = restored_[{timers, info.stateName}];
  if (blocks == nullptr) blocks = std::make_shared<Blocks>();
  blocks->emplace_back(std::move(kept), std::move(bytes));
  return Status::ok();
}

void HashMapStateBackend::applyToAllKeys(StateColumn& column, Namespace space,
                                         const std::function<void(const void* key)>& visit) {
  applyToEntries(column, space, [&](const void* key, Namespace) { visit(key); });
}

void HashMapStateBackend::applyToAllEntries(
    StateColumn& column, const std::function<void(const void* key, Namespace space)>& visit) {
  applyToEntries(column, std::nullopt, visit);
}

void HashMapStateBackend::applyToEntries(
    StateColumn& column, std::optional<Namespace> only,
    const std::function<void(const void* key, Namespace space)>& visit) {
  const auto found = columns_.find(column.spec().name);
  FLINK_CHECK(found != columns_.end(), "the column belongs to another backend");
  FLINK_CHECK(found->second.flat != nullptr, "whole namespaces are visited by byNamespace()");
  StateTable& table = found->second.flat->table();
  KeyCopies keys(keyOps());
  std::vector<Namespace> spaces;  // beside the keys
  for (StateTable::Walk walk; !walk.atEnd();) {
    TableShard& shard = walk.shard(table.directory());
    keys.reserve(shard.size());
    spaces.clear();
    table.forEachInShard(shard, [&](StateTable::Position at) {
      const Namespace space = table.space(at).space;
      if (only.has_value() && space != *only) return;
      keys.add(table.key(at), table.hash(at));
      spaces.push_back(space);
    });
    // The visits may change the table, so the walk goes on first: its position is a hash.
    walk.advance(table.directory());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      setCurrentKey(keys.key(i), keys.hash(i));
      column.setCurrentNamespace(spaces[i]);
      visit(keys.key(i), spaces[i]);
    }
  }
  clearCurrentKey();
}

std::vector<StateFigures> HashMapStateBackend::figures() const {
  std::vector<StateFigures> all;
  all.reserve(parts_.size());
  for (const SnapshotPart* part : parts_) all.push_back(part->figures());
  return all;
}

void HashMapStateBackend::publishFigures() {
  if (options().metrics == nullptr) return;
  for (const StateFigures& figures : figures()) {
    std::shared_ptr<Gauges>& gauges = gauges_[figures.name];
    if (gauges == nullptr) {
      gauges = std::make_shared<Gauges>();
      const auto group = options().metrics->addGroup(figures.name);
      group->gauge("numEntries",
                   [gauges] { return metrics::GaugeValue(gauges->numEntries.load()); });
      group->gauge("numBytes", [gauges] { return metrics::GaugeValue(gauges->numBytes.load()); });
    }
    gauges->numEntries.store(figures.numEntries, std::memory_order_relaxed);
    gauges->numBytes.store(figures.numBytes, std::memory_order_relaxed);
  }
}

void HashMapStateBackend::cleanupAfterRecord() {
  for (HashMapColumn* column : cleanedPerRecord_) column->cleanUp();
}

}  // namespace flink::state
