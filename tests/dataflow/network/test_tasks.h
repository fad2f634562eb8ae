#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <set>
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

/// Writes records that a TestConsumer can check: `u32 length`, `u64 number in its channel`, `u64
/// records emitted before`, bytes that follow from length and number. Barriers and cancellations,
/// numbered from 1, carry the records emitted before as their timestamp. kEndOfData and sometimes
/// one more barrier end it all.
struct ProducerPlan {
  std::uint64_t seed = 1;
  std::uint64_t recordsPerChannel = 1000;
  std::size_t minBytes = 16, maxBytes = 200;
  /// One in so many records is longer than a segment; 0 for none.
  std::uint32_t largeEvery = 0;
  std::size_t largeBytes = 100'000;
  bool greedy = false;           ///< emits everything in one step, whatever isAvailable() says
  std::uint32_t flushEvery = 0;  ///< records between flushes; 0: only at the end
  /// One in so many records has a checkpoint before it; 0: no checkpoints.
  std::uint32_t checkpointEvery = 0;
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
  void broadcastCheckpoint();
  [[nodiscard]] bool allEmitted() const { return emitted_ == total_; }

  std::unique_ptr<ResultPartition> partition_;
  const ProducerPlan plan_;
  std::unique_ptr<Rng> rng_;
  std::vector<std::uint64_t> nextNumber_;
  std::vector<std::byte> scratch_;
  std::uint64_t emitted_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t lastCheckpoint_ = 0;
  int steps_ = 0;
  Status finishStatus_;
};

/// Reads a gate to its end and checks every record and event. Aligns its channels at checkpoints: a
/// channel is blocked from its barrier on until every open one has come as far, or one has
/// cancelled the checkpoint.
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
  /// Blocks random channels now and then, as long as others have something.
  void blockAtRandom(std::uint64_t seed) { rng_ = makeSeededRng(seed); }
  /// The task closes its gate and ends after so many records.
  void closeAfter(std::uint64_t records) { closeAfter_ = records; }

 private:
  StepResult end();
  void take(const InputBuffer& buffer);
  void takeEvent(int index, const ChannelEvent& event);
  void check(int index, ByteView record);
  void align();
  void blockSome();
  bool resumeRandomlyBlocked();

  std::unique_ptr<InputGate> gate_;
  const bool slow_;
  bool started_ = false;
  std::uint64_t closeAfter_ = ~0ULL;
  struct Channel {
    std::uint64_t nextNumber = 0;
    std::string part;                  ///< of a record that is not complete
    std::uint64_t recordsEnd = 0;      ///< the producer's count after the last record
    std::uint64_t checkpointFrom = 0;  ///< the producer's count at the last checkpoint
    std::uint64_t checkpoint = 0;
    bool dataEnded = false, ended = false;
    bool blocked = false, blockedAtRandom = false;
  };
  std::vector<Channel> channels_;
  std::set<std::uint64_t> cancelled_;
  std::unique_ptr<Rng> rng_;
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
