#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "dataflow/operators/source.h"

namespace flink::connectors {

/// Deals a fixed list of splits out so that every reader gets its share even when it starts late:
/// each has a queue of its own; whoever has emptied it takes from the longest one, but only after
/// all readers have started (unless they start in turns).
/// Thread: the coordinator's step.
template <class Split>
class SplitAssigner {
 public:
  explicit SplitAssigner(SplitEnumeratorContext<Split>& context)
      : context_(context),
        queues_(static_cast<std::size_t>(context.currentParallelism())),
        waiting_(queues_.size(), 0) {}

  void setSplits(std::vector<Split> splits) {
    std::size_t next = 0;
    for (Split& split : splits) queues_[next++ % queues_.size()].push_back(std::move(split));
    ready_ = true;
    serveWaiting();
  }
  void addReader() { serveWaiting(); }
  void request(int subtask) {
    ++waiting_[static_cast<std::size_t>(subtask)];
    serveWaiting();
  }

 private:
  void serveWaiting() {
    if (!ready_) return;
    for (std::size_t subtask = 0; subtask < waiting_.size(); ++subtask) {
      while (waiting_[subtask] > 0 && serve(subtask)) --waiting_[subtask];
    }
  }

  /// False when the request has to wait.
  bool serve(std::size_t subtask) {
    std::deque<Split>* from = &queues_[subtask];
    if (from->empty()) {
      const auto longest =
          std::max_element(queues_.begin(), queues_.end(),
                           [](const auto& a, const auto& b) { return a.size() < b.size(); });
      if (longest->empty()) {
        context_.signalNoMoreSplits(static_cast<int>(subtask));
        return true;
      }
      if (context_.registeredReaders().size() < queues_.size() &&
          !context_.readersMayStartInTurns())
        return false;
      from = &*longest;
    }
    context_.assignSplit(from->front(), static_cast<int>(subtask));
    from->pop_front();
    return true;
  }

  SplitEnumeratorContext<Split>& context_;
  std::vector<std::deque<Split>> queues_;
  std::vector<int> waiting_;
  bool ready_ = false;
};

}  // namespace flink::connectors
