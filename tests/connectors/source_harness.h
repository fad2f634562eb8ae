#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/metrics/registry.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/source.h"

namespace flink::connectors {

/// Collects into a vector.
template <class T>
class VectorCollector final : public Collector<T> {
 public:
  std::vector<T> take() {
    room_.resize(room_.size() - static_cast<std::size_t>(this->end_ - this->pos_));
    this->pos_ = this->end_ = nullptr;
    return std::exchange(room_, {});
  }

 private:
  void makeRoom() override {
    const std::size_t filled = room_.size();
    room_.resize(filled + 16);
    this->pos_ = room_.data() + filled;
    this->end_ = room_.data() + room_.size();
  }
  std::vector<T> room_;
};

/// Runs a source's enumerator and readers in one thread: events between them go through a queue,
/// asynchronous work is done when the test says so.
template <class T, class Split>
class SourceHarness {
 public:
  /// `checkpoint`: what the enumerator goes on from.
  SourceHarness(const Source<T, Split>& source, FileSystem& files, int parallelism,
                const std::optional<std::string>& checkpoint = std::nullopt)
      : source_(source), files_(files), enumeratorContext_(*this), parallelism_(parallelism) {
    enumerator_ = checkpoint ? source_.restoreEnumerator(enumeratorContext_, *checkpoint)
                             : source_.createEnumerator(enumeratorContext_);
    enumerator_->start();
    readers_.resize(static_cast<std::size_t>(parallelism));
  }

  void startReader(int subtask, std::vector<Split> restored = {}) {
    Reader& reader = readers_[static_cast<std::size_t>(subtask)];
    reader.context = std::make_unique<ReaderContext>(*this, subtask);
    reader.reader = source_.createReader(*reader.context);
    if (!restored.empty()) reader.reader->addSplits(std::move(restored));
    registered_.push_back(subtask);
    enumerator_->addReader(subtask);
    reader.reader->start();
  }
  void runAsyncWork() {
    for (auto& [work, done] : std::exchange(async_, {})) {
      work();
      done();
    }
  }
  /// Polls one reader once.
  InputStatus poll(int subtask, std::size_t maxRecords = 100) {
    Reader& reader = readers_[static_cast<std::size_t>(subtask)];
    const InputStatus status = reader.reader->pollNext(collector_, maxRecords);
    for (T& record : collector_.take()) reader.records.push_back(std::move(record));
    return status;
  }
  /// Polls all started readers in turns until each has ended.
  void drain() {
    for (int rounds = 0; rounds < 1'000'000; ++rounds) {
      bool ended = true;
      for (std::size_t i = 0; i < readers_.size(); ++i) {
        if (readers_[i].reader == nullptr || readers_[i].ended) continue;
        readers_[i].ended = poll(static_cast<int>(i)) == InputStatus::kEndOfInput;
        ended = ended && readers_[i].ended;
      }
      if (ended) return;
    }
    throw std::runtime_error("the readers do not end");
  }
  [[nodiscard]] std::string snapshotEnumerator() { return enumerator_->snapshotState(1); }
  [[nodiscard]] std::vector<Split> snapshotReader(int subtask) {
    return reader(subtask).snapshotState(1);
  }
  [[nodiscard]] const std::vector<T>& records(int subtask) const {
    return readers_[static_cast<std::size_t>(subtask)].records;
  }
  [[nodiscard]] std::vector<T> allRecords() const {
    std::vector<T> all;
    for (const Reader& reader : readers_)
      all.insert(all.end(), reader.records.begin(), reader.records.end());
    return all;
  }

  /// What all readers counted under a name.
  [[nodiscard]] std::int64_t counted(const std::string& name) {
    return operator_.metrics->counter(name)->count();
  }

  bool inTurns = false;

 private:
  class EnumeratorContext final : public SplitEnumeratorContext<Split> {
   public:
    explicit EnumeratorContext(SourceHarness& harness) : harness_(harness) {}
    [[nodiscard]] int currentParallelism() const override { return harness_.parallelism_; }
    [[nodiscard]] const std::vector<int>& registeredReaders() const override {
      return harness_.registered_;
    }
    [[nodiscard]] bool readersMayStartInTurns() const override { return harness_.inTurns; }
    void assignSplit(const Split& split, int subtask) override {
      harness_.reader(subtask).addSplits({split});
    }
    void signalNoMoreSplits(int subtask) override { harness_.reader(subtask).notifyNoMoreSplits(); }
    [[nodiscard]] FileSystem& files() const override { return harness_.files_; }
    [[nodiscard]] const Clock& clock() const override { return harness_.clock_; }
    void callAsync(std::function<void()> work, std::function<void()> done) override {
      harness_.async_.emplace_back(std::move(work), std::move(done));
    }
    void callAsync(std::function<void()> work, std::function<void()> done,
                   std::chrono::milliseconds /*initialDelay*/,
                   std::chrono::milliseconds period) override {
      harness_.async_.emplace_back(work, [this, work, done, period] {
        done();
        callAsync(work, done, period, period);
      });
    }

   private:
    SourceHarness& harness_;
  };

  class ReaderContext final : public SourceReaderContext {
   public:
    ReaderContext(SourceHarness& harness, int subtask) : harness_(harness), subtask_(subtask) {}
    [[nodiscard]] RuntimeContext& getRuntimeContext() override { return harness_.runtime_; }
    [[nodiscard]] int getIndexOfSubtask() const override { return subtask_; }
    [[nodiscard]] int currentParallelism() const override { return harness_.parallelism_; }
    void sendSplitRequest() override { harness_.enumerator_->handleSplitRequest(subtask_); }
    void notifyAvailable() override {}
    [[nodiscard]] bool isCancelled() const override { return false; }
    [[nodiscard]] FileSystem& files() const override { return harness_.files_; }
    [[nodiscard]] const Clock& clock() const override { return harness_.clock_; }
    [[nodiscard]] Executor& executor() const override {
      throw std::logic_error("not in this harness");
    }

   private:
    SourceHarness& harness_;
    int subtask_;
  };

  struct Reader {
    std::unique_ptr<ReaderContext> context;
    std::unique_ptr<SourceReader<T, Split>> reader;
    std::vector<T> records;
    bool ended = false;
  };
  static operators::OperatorContext contextOf(metrics::MetricRegistry& registry) {
    operators::OperatorContext context;
    context.metrics = registry.root("taskmanager", {});
    return context;
  }
  SourceReader<T, Split>& reader(int subtask) {
    return *readers_[static_cast<std::size_t>(subtask)].reader;
  }

  const Source<T, Split>& source_;
  FileSystem& files_;
  SystemClock clock_;
  metrics::MetricRegistry registry_{clock_};
  operators::OperatorContext operator_ = contextOf(registry_);
  RuntimeContext runtime_{operator_};
  EnumeratorContext enumeratorContext_;
  int parallelism_;
  std::vector<int> registered_;
  std::vector<Reader> readers_;
  std::vector<std::pair<std::function<void()>, std::function<void()>>> async_;
  VectorCollector<T> collector_;
  std::unique_ptr<SplitEnumerator<Split>> enumerator_;
};

}  // namespace flink::connectors
