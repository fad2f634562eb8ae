#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "dataflow/operators/source.h"

namespace flink::connectors {

/// Deals splits out so that every reader gets its share even when it starts late:
/// each has a queue of its own; whoever has emptied it takes from the longest of those whose
/// readers have begun to read (of all when readers start in turns). Thread: the coordinator's step.
template <class Split>
class SplitAssigner {
 public:
  using Queues = std::vector<std::deque<Split>>;

  /// `endless`: more splits may come at any time, no reader is told that there are no more.
  explicit SplitAssigner(SplitEnumeratorContext<Split>& context, bool endless = false)
      : context_(context),
        endless_(endless),
        queues_(static_cast<std::size_t>(context.currentParallelism())),
        waiting_(queues_.size(), 0),
        begun_(queues_.size(), false) {}

  /// Adds splits; without `endless` there are no others.
  void setSplits(std::vector<Split> splits) {
    for (Split& split : splits) queues_[next_++ % queues_.size()].push_back(std::move(split));
    ready_ = true;
    serveWaiting();
  }
  void addReader() { serveWaiting(); }
  /// A reader that had them failed. It goes on with an empty queue of requests.
  void addBack(std::vector<Split> splits, int subtask) {
    const auto reader = static_cast<std::size_t>(subtask);
    waiting_[reader] = 0;
    for (Split& split : splits) queues_[reader].push_back(std::move(split));
    serveWaiting();
  }
  /// What is not dealt out, by the reader whose share it is; nothing before there are splits.
  [[nodiscard]] std::optional<Queues> left() const {
    if (!ready_) return std::nullopt;
    return queues_;
  }
  /// Goes on from what left() gave, perhaps to another number of readers.
  void setQueues(Queues queues) {
    if (queues.size() == queues_.size()) {
      queues_ = std::move(queues);
      ready_ = true;
      return serveWaiting();
    }
    std::vector<Split> splits;
    for (std::deque<Split>& queue : queues)
      std::move(queue.begin(), queue.end(), std::back_inserter(splits));
    setSplits(std::move(splits));
  }
  void request(int subtask) {
    ++waiting_[static_cast<std::size_t>(subtask)];
    serveOwn(static_cast<std::size_t>(subtask));
    serveWaiting();
  }

 private:
  /// A reader's first request comes before everybody else's.
  void serveOwn(std::size_t subtask) {
    if (!ready_ || begun_[subtask] || waiting_[subtask] == 0) return;
    begun_[subtask] = true;
    if (serve(subtask)) --waiting_[subtask];
  }

  void serveWaiting() {
    if (!ready_) return;
    for (std::size_t subtask = 0; subtask < waiting_.size(); ++subtask) serveOwn(subtask);
    for (std::size_t subtask = 0; subtask < waiting_.size(); ++subtask) {
      while (waiting_[subtask] > 0 && serve(subtask)) --waiting_[subtask];
    }
  }

  /// False when the request has to wait.
  bool serve(std::size_t subtask) {
    std::deque<Split>* from = &queues_[subtask];
    if (from->empty()) {
      bool anyLeft = false;
      for (std::size_t other = 0; other < queues_.size(); ++other) {
        anyLeft = anyLeft || !queues_[other].empty();
        if (!begun_[other] && !context_.readersMayStartInTurns()) continue;
        if (queues_[other].size() > from->size()) from = &queues_[other];
      }
      if (!anyLeft) {
        if (endless_) return false;
        context_.signalNoMoreSplits(static_cast<int>(subtask));
        return true;
      }
      if (from->empty()) return false;
    }
    context_.assignSplit(from->front(), static_cast<int>(subtask));
    from->pop_front();
    return true;
  }

  SplitEnumeratorContext<Split>& context_;
  const bool endless_;
  std::size_t next_ = 0;  ///< whose queue gets the next split
  Queues queues_;
  std::vector<int> waiting_;
  std::vector<bool> begun_;  ///< has asked for a split when there were some
  bool ready_ = false;
};

}  // namespace flink::connectors
