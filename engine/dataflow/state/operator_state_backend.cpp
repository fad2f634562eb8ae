#include "dataflow/state/operator_state_backend.h"

#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::state {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kCountOffset = 4;

Status corrupt(const BlockInfo& info, std::string_view what) {
  return {ErrorCode::kCorruptData,
          fmt::format("operator state block does not decode: {}: state={} kind={}", what,
                      info.stateName, blockKindName(info.kind))};
}

/// The head of a block and a cursor on its first element. Errors: kCorruptData.
struct OpenBlock {
  std::string type;
  types::ByteCursor elements;
};

Result<OpenBlock> openBlock(const BlockInfo& info, ByteView content) {
  OpenBlock block;
  block.elements = types::ByteCursor(content);
  const std::byte* fixed = block.elements.take(kCountOffset + sizeof(std::uint32_t));
  if (fixed == nullptr) return corrupt(info, "truncated header");
  std::uint32_t head = 0;
  std::uint32_t count = 0;
  std::memcpy(&head, fixed, sizeof head);
  std::memcpy(&count, fixed + kCountOffset, sizeof count);
  if (head != kVersion) return corrupt(info, fmt::format("version {}", head));
  if (count != info.numEntries) return corrupt(info, "number of elements differs from the index");
  if (!types::readValue(block.elements, block.type)) return corrupt(info, "truncated type");
  if (count > block.elements.remaining()) return corrupt(info, "more elements than bytes");
  return block;
}

}  // namespace

/// One state of an operator: the same access as keyed state has, but to a single value.
struct OperatorStateBackend::Cell final : StateColumn {
  Cell(StateSpec spec, BlockKind blockKind, const ElementOps& elementOps)
      : StateColumn(std::move(spec), unusedClock()),
        kind(blockKind),
        ops(elementOps),
        value(::operator new(ops.whole->size, std::align_val_t(ops.whole->align))) {
    ops.whole->construct(value);
    ops.whole->describe(type);
  }
  ~Cell() override {
    ops.whole->destroy(value);
    ::operator delete(value, std::align_val_t(ops.whole->align));
  }

  [[nodiscard]] bool empty() const { return ops.count(value) == 0; }
  const void* find() override { return empty() ? nullptr : value; }
  void* findForUpdate() override { return empty() ? nullptr : value; }
  void* findOrCreate(bool& created) override {
    created = empty();
    return value;
  }
  void erase() override {
    ops.whole->destroy(value);
    ops.whole->construct(value);
  }

  Status restore(const BlockInfo& info, ByteView content) {
    FLINK_ASSIGN_OR_RETURN(OpenBlock block, openBlock(info, content));
    if (info.kind != kind || block.type != type) {
      return {ErrorCode::kStateIncompatible,
              fmt::format("state has another type or kind: state={} wanted={} {} had={} {}",
                          info.stateName, blockKindName(kind), type, blockKindName(info.kind),
                          block.type)};
    }
    for (std::uint64_t i = 0; i < info.numEntries; ++i) {
      std::size_t size = 0;
      if (!types::readCount(block.elements, 1, size)) return corrupt(info, "truncated size");
      types::ByteCursor element(ByteView(block.elements.take(size), size));
      if (!ops.deserializeElement(element, value) || element.remaining() != 0)
        return corrupt(info, element.error == nullptr ? "bytes left over" : element.error);
    }
    return block.elements.remaining() == 0 ? Status::ok() : corrupt(info, "bytes left over");
  }

  Status write(SnapshotSink& sink) const {
    const std::size_t numElements = ops.count(value);
    std::string content;
    std::string element;
    for (std::size_t next = 0; next < numElements;) {
      BlockInfo info;
      info.kind = kind;
      info.stateName = spec().name;
      content.assign(1, static_cast<char>(kVersion));
      content.append(kCountOffset - 1 + sizeof(std::uint32_t), '\0');
      types::appendTo(content, type);
      while (next < numElements && content.size() < SnapshotSink::kTargetBlockBytes) {
        element.clear();
        ops.serializeElement(value, next++, element);
        types::appendTo(content, element);
        ++info.numEntries;
      }
      const auto count = static_cast<std::uint32_t>(info.numEntries);
      std::memcpy(content.data() + kCountOffset, &count, sizeof count);
      FLINK_RETURN_IF_ERROR(sink.writeBlock(info, asBytes(content)));
    }
    return Status::ok();
  }

  /// Operator state has no time to live; only the base class wants a clock.
  static const Clock& unusedClock() {
    static const SystemClock clock;
    return clock;
  }
  const BlockKind kind;
  const ElementOps& ops;
  void* value;
  std::string type;
};

struct OperatorStateBackend::Restored {
  std::vector<std::pair<BlockInfo, std::string>> blocks;
};

OperatorStateBackend::OperatorStateBackend() = default;
OperatorStateBackend::~OperatorStateBackend() = default;

Result<StateColumn*> OperatorStateBackend::cell(const std::string& name, BlockKind kind,
                                                const ElementOps& ops, const StateTtlConfig& ttl) {
  if (ttl.isEnabled()) {
    return Status(ErrorCode::kUnsupported,
                  fmt::format("operator state has no time to live: remove enableTimeToLive() from "
                              "the descriptor: state={}",
                              name));
  }
  FLINK_RETURN_IF_ERROR(checkStateName(name));
  if (const auto found = cells_.find(name); found != cells_.end()) {
    std::string type;
    ops.whole->describe(type);
    Cell& had = *found->second;
    if (had.kind == kind && had.type == type) return static_cast<StateColumn*>(&had);
    return Status(ErrorCode::kStateIncompatible,
                  fmt::format("state has another type or kind: state={} wanted={} {} had={} {}",
                              name, blockKindName(kind), type, blockKindName(had.kind), had.type));
  }
  StateSpec spec;
  spec.name = name;
  spec.kind = kind == BlockKind::kBroadcast ? StateKind::kMap : StateKind::kList;
  spec.ops = ops.whole;
  auto cell = std::make_unique<Cell>(std::move(spec), kind, ops);
  if (const auto found = restored_.find(name); found != restored_.end()) {
    for (const auto& [info, content] : found->second->blocks) {
      FLINK_RETURN_IF_ERROR(cell->restore(info, asBytes(content)));
    }
    restored_.erase(found);
  }
  return static_cast<StateColumn*>(cells_.emplace(name, std::move(cell)).first->second.get());
}

Status OperatorStateBackend::restoreBlock(const BlockInfo& info, ByteView content) {
  if (info.kind != BlockKind::kOperatorList && info.kind != BlockKind::kOperatorUnion &&
      info.kind != BlockKind::kBroadcast)
    return corrupt(info, "not a block of operator state");
  FLINK_RETURN_IF_ERROR(openBlock(info, content).status());
  std::unique_ptr<Restored>& restored = restored_[info.stateName];
  if (restored == nullptr) restored = std::make_unique<Restored>();
  restored->blocks.emplace_back(info, std::string(asText(content)));
  return Status::ok();
}

Status OperatorStateBackend::snapshot(SnapshotSink& sink) const {
  for (const auto& [name, cell] : cells_) FLINK_RETURN_IF_ERROR(cell->write(sink));
  for (const auto& [name, restored] : restored_) {
    for (const auto& [info, content] : restored->blocks) {
      FLINK_RETURN_IF_ERROR(sink.writeBlock(info, asBytes(content)));
    }
  }
  return Status::ok();
}

}  // namespace flink::state
