#include "dataflow/state/heap_timer_queue.h"

#include <algorithm>
#include <new>
#include <utility>

#include "dataflow/state/state_failures.h"

namespace flink::state {

namespace {

constexpr std::size_t kChildren = 4;

struct LinkForm {
  using Stored = HeapTimerQueue::Link;
  static constexpr bool kTtl = false;
  static constexpr bool kNoHeap = true;
  static void write(const Stored& link, std::string& out) { types::appendTo(out, link.sequence); }
  static bool read(types::ByteCursor& in, Stored& link, const StoredForm&) {
    return types::readValue(in, link.sequence);
  }
  static std::size_t heapBytes(const Stored&) { return 0; }
  static void describe(std::string& out) { out += "timer"; }
};

}  // namespace

HeapTimerQueue::HeapTimerQueue(const std::string& name, BlockHeader header,
                               const KeyedBackendOptions& options, const CurrentKey& current)
    : TimerQueue(name),
      options_(options),
      current_(current),
      header_(std::move(header)),
      table_(*options.key, valueOps<LinkForm>(), SpaceKind::kTimer, header_),
      keyOffset_((sizeof(Node) + options.key->align - 1) / options.key->align * options.key->align),
      nodeBytes_(keyOffset_ + options.key->size),
      nodeAlign_(std::max(alignof(Node), options.key->align)) {}

HeapTimerQueue::~HeapTimerQueue() {
  for (const HeapEntry& entry : heap_) freeNode(entry.node);
  if (polled_ != nullptr) freeNode(polled_);
}

HeapTimerQueue::Node* HeapTimerQueue::makeNode(const void* key, types::KeyHash hash,
                                               Namespace space) {
  void* memory = ::operator new(nodeBytes_, std::align_val_t(nodeAlign_));
  Node* node = new (memory) Node{0, hash, space};
  try {
    options_.key->copy(keyOf(node), key);
  } catch (...) {
    ::operator delete(memory, std::align_val_t(nodeAlign_));
    throw;
  }
  return node;
}

void HeapTimerQueue::freeNode(Node* node) {
  options_.key->destroy(keyOf(node));
  ::operator delete(node, std::align_val_t(nodeAlign_));
}

void HeapTimerQueue::push(StateTable::Position at) {
  const Space space = table_.space(at);
  auto& link = *static_cast<Link*>(table_.value(at));
  Node* node = makeNode(table_.key(at), table_.hash(at), space.space);
  heap_.emplace_back();
  link.node = node;
  siftUp(heap_.size() - 1, {space.time, link.sequence, node});
}

bool HeapTimerQueue::registerTimer(Namespace space, std::int64_t time) {
  if (current_.key == nullptr) [[unlikely]]
    throwNoKey(name());
  const Space timer{space, time};
  if (table_.find(current_.hash, current_.key, timer)) return false;
  bool inserted = false;
  const StateTable::Position at = table_.findOrInsert(current_.hash, current_.key, timer, inserted);
  static_cast<Link*>(table_.value(at))->sequence = nextSequence_++;
  push(at);
  return true;
}

bool HeapTimerQueue::deleteTimer(Namespace space, std::int64_t time) {
  if (current_.key == nullptr) [[unlikely]]
    throwNoKey(name());
  const StateTable::Position at = table_.find(current_.hash, current_.key, Space{space, time});
  if (!at) return false;
  Node* node = static_cast<Node*>(static_cast<Link*>(table_.value(at))->node);
  table_.erase(at);
  removeFromHeap(node->place);
  freeNode(node);
  return true;
}

const DueTimer* HeapTimerQueue::poll(std::int64_t upTo) {
  if (heap_.empty() || heap_.front().time > upTo) return nullptr;
  if (polled_ != nullptr) freeNode(polled_);
  const HeapEntry first = heap_.front();
  polled_ = first.node;
  removeFromHeap(0);
  due_ = {keyOf(polled_), polled_->hash, polled_->space, first.time};
  table_.erase(table_.find(due_.hash, due_.key, Space{due_.space, due_.time}));
  return &due_;
}

void HeapTimerQueue::removeFromHeap(std::size_t at) {
  const HeapEntry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  if (at > 0 && last.before(heap_[(at - 1) / kChildren])) {
    siftUp(at, last);
  } else {
    siftDown(at, last);
  }
}

void HeapTimerQueue::siftUp(std::size_t at, HeapEntry entry) {
  while (at > 0) {
    const std::size_t parent = (at - 1) / kChildren;
    if (!entry.before(heap_[parent])) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, entry);
}

void HeapTimerQueue::siftDown(std::size_t at, HeapEntry entry) {
  for (;;) {
    const std::size_t first = at * kChildren + 1;
    if (first >= heap_.size()) break;
    std::size_t least = first;
    for (std::size_t child = first + 1; child < std::min(first + kChildren, heap_.size());
         ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    place(at, heap_[least]);
    at = least;
  }
  place(at, entry);
}

Status HeapTimerQueue::restore(BlockReader& block, EntryDecoder& entry) {
  const auto removing = [this](StateTable::Position at) {
    Node* node = static_cast<Node*>(static_cast<Link*>(table_.value(at))->node);
    removeFromHeap(node->place);
    freeNode(node);
  };
  const auto restored = [this](StateTable::Position at) {
    nextSequence_ = std::max(nextSequence_, static_cast<Link*>(table_.value(at))->sequence + 1);
    push(at);
  };
  return table_.restore(entry, block, 0, {restored, removing});
}

StateFigures HeapTimerQueue::figures() const {
  const std::size_t bytes =
      table_.estimatedBytes() + heap_.capacity() * sizeof(HeapEntry) + heap_.size() * nodeBytes_;
  return {name(), static_cast<std::int64_t>(size()), static_cast<std::int64_t>(bytes)};
}

}  // namespace flink::state
