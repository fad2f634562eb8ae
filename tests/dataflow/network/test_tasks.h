#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "core/base/executor.h"
#include "core/base/rng.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {

/// A task that others wake; its step runs only once it knows its own handle.
class TestTask : public Steppable {
 public:
  /// Starts stepping on `executor`.
  void start(Executor& executor);
  /// Waits for the end of the task.
  void join() { done_.get_future().get(); }
  /// Takes the task off its executor wherever it is.
  void remove() { handle_.get()->remove(); }

 protected:
  void wake() { handle_.get()->wake(); }
  StepResult done() {
    done_.set_value();
    return StepResult::kDone;
  }

 private:
  std::promise<std::shared_ptr<Executor::Handle>> handleSet_;
  std::shared_future<std::shared_ptr<Executor::Handle>> handle_ = handleSet_.get_future().share();
  std::promise<void> done_;
};

/// Writes records that a TestConsumer can check: `u32 length`, `u64 number in its channel`, bytes
/// that follow from both.
struct ProducerPlan {
  std::uint64_t seed = 1;
  std::uint64_t recordsPerChannel = 1000;
  std::size_t minBytes = 16, maxBytes = 200;
  /// One in so many records is longer than a segment; 0 for none.
  std::uint32_t largeEvery = 0;
  std::size_t largeBytes = 100'000;
  bool greedy = false;           ///< emits everything in one step, whatever isAvailable() says
  std::uint32_t flushEvery = 0;  ///< records between flushes; 0: only at the end
};

class TestProducer final : public TestTask {
 public:
  TestProducer(std::unique_ptr<ResultPartition> partition, ProducerPlan plan);
  StepResult step(Duration budget) override;
  [[nodiscard]] std::string_view name() const override { return "producer"; }
  [[nodiscard]] ResultPartition& partition() { return *partition_; }
  [[nodiscard]] Status finishStatus() const { return finishStatus_; }
  [[nodiscard]] int mostStepsInOne() const { return steps_; }

 private:
  void emitOne();
  [[nodiscard]] bool allEmitted() const { return emitted_ == total_; }

  std::unique_ptr<ResultPartition> partition_;
  const ProducerPlan plan_;
  std::unique_ptr<Rng> rng_;
  std::vector<std::uint64_t> nextNumber_;
  std::vector<std::byte> scratch_;
  std::uint64_t emitted_ = 0;
  std::uint64_t total_ = 0;
  int steps_ = 0;
  Status finishStatus_;
};

/// Reads a gate to its end and checks every record.
class TestConsumer final : public TestTask {
 public:
  /// `slow`: holds some buffers for a while before it gives them back.
  TestConsumer(std::unique_ptr<InputGate> gate, bool slow = false);
  StepResult step(Duration budget) override;
  [[nodiscard]] std::string_view name() const override { return "consumer"; }

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const Status& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t records() const { return records_.load(); }
  /// True once the task has come to its end. Thread: any; the other results only after this or
  /// join().
  [[nodiscard]] bool ended() const { return ended_.load(); }
  /// The task closes its gate and ends after so many records.
  void closeAfter(std::uint64_t records) { closeAfter_ = records; }

 private:
  StepResult end();
  void take(const InputBuffer& buffer);
  void check(int channel, ByteView record);

  std::unique_ptr<InputGate> gate_;
  const bool slow_;
  bool started_ = false;
  std::uint64_t closeAfter_ = ~0ULL;
  std::vector<std::uint64_t> nextNumber_;
  std::vector<std::string> parts_;
  std::vector<std::unique_ptr<InputBuffer>> held_;
  std::atomic<std::uint64_t> records_{0};
  std::atomic<bool> ended_{false};
  std::uint64_t buffers_ = 0;
  std::string problem_;
  Status failure_;
};

/// Reads a gate from the test's own thread, woken by the gate.
class GateReader {
 public:
  explicit GateReader(std::unique_ptr<InputGate> gate);
  ~GateReader();
  /// The next buffer or event; null on failure() or after `limit`.
  std::unique_ptr<InputBuffer> next(std::chrono::seconds limit = std::chrono::seconds(30));
  /// Waits until the gate fails and returns why.
  Status nextFailure();
  [[nodiscard]] const Status& failure() const { return failure_; }
  [[nodiscard]] InputGate& gate() { return *gate_; }

 private:
  struct Signal;
  std::shared_ptr<Signal> signal_;
  std::unique_ptr<InputGate> gate_;
  Status failure_;
};

/// Appends one small record to a channel.
void writeRecord(ResultPartition& partition, int channel, std::string_view record);
/// The records of a buffer that has no cut ones.
std::vector<std::string> recordsOf(const InputBuffer& buffer);

}  // namespace flink::network
