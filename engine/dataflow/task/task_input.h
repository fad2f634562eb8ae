#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/task/barrier_aligner.h"
#include "dataflow/task/task.h"
#include "dataflow/task/watermark_valve.h"

namespace flink::task {

class OperatorChain;

/// What came in of a checkpoint: every barrier, or word that it will not be completed.
struct CheckpointEvent {
  std::vector<checkpoint::CheckpointId> aborted;  ///< in this order, before `barrier`
  std::optional<CheckpointBarrier> barrier;       ///< of all channels: take the snapshot now
  checkpoint::SubtaskMetrics metrics;             ///< of the alignment
  Duration alignment{};                           ///< that of the metrics, exactly
};

/// What one call of InputReader::readSome came to.
struct ReadOutcome {
  enum class Kind : std::uint8_t {
    kRead,
    kNothingNow,
    kEndOfData,  ///< no more records; barriers may still come. Reported once, unless kEnded is
    kEnded,      ///< nothing will ever come again
  };
  Kind kind = Kind::kNothingNow;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;                    ///< of buffers taken, counted once
  std::optional<CheckpointEvent> checkpoint;  ///< to be treated before anything else is read
};

/// Reads a task's gates in turn: the one that was read goes to the end of the line.
/// Thread: the task's step.
/// Lifetime: make → start → readSome … → close.
class InputReader {
 public:
  /// Errors: kInsufficientNetworkBuffers, kFingerprintMismatch.
  static Result<std::unique_ptr<InputReader>> make(
      const TaskSpec& spec, const operators::OperatorCatalog& catalog,
      network::NetworkEnvironment& network, OperatorChain& chain, const Clock& clock,
      const std::shared_ptr<metrics::MetricGroup>& group);
  /// Requests the partitions. `onAvailable` may be called from any thread.
  void start(const std::function<void()>& onAvailable);
  /// Processes up to about `maxRecords` records of one buffer.
  Result<ReadOutcome> readSome(std::size_t maxRecords);
  /// Nothing of what comes reaches the chain any more, but for barriers.
  void discardRecords() { discards_ = true; }
  /// The checkpoint was aborted elsewhere: what was blocked for it goes on.
  void abortCheckpoint(checkpoint::CheckpointId id);
  [[nodiscard]] bool ended() const { return numOpen_ == 0; }
  /// True when no channel ended because its producer was stopped.
  [[nodiscard]] bool drained() const { return drained_; }
  void close();

 private:
  struct Input {
    const TaskInput* spec = nullptr;
    std::unique_ptr<network::InputGate> gate;
    std::unique_ptr<operators::EdgeReader> reader;
    std::unique_ptr<network::InputBuffer> buffer;  // being read
    std::size_t offset = 0;
    const char* operatorName = nullptr;
    bool ended = false;
    std::vector<bool> dataEnded;   // by channel
    std::size_t numWithData = 0;   // channels that may bring records
    std::size_t firstAligned = 0;  // among all channels of the task
    std::size_t valve = 0;         // of the operator's input, shared by all its gates
    std::size_t firstChannel = 0;  // there
  };

  InputReader(OperatorChain& chain, const Clock& clock) : chain_(chain), clock_(clock) {}
  /// Makes the input's next data buffer current; false when there is none now.
  Result<bool> fetch(Input& input, ReadOutcome& outcome);
  Status onEvent(Input& input, int channel, const network::ChannelEvent& event,
                 ReadOutcome& outcome);
  /// Tells the operator when one of its inputs has no more data.
  void onDataEnded(Input& input, int channel);
  void onElement(const Input& input, const types::StreamElement& element);
  void makeValves();

  // Barriers (input_barriers.cpp).
  Status onBarrier(Input& input, int channel, const network::ChannelEvent& event,
                   ReadOutcome& outcome);
  void execute(const BarrierAligner::Decision& decision, Input* from, int channel,
               ReadOutcome& outcome);

  OperatorChain& chain_;
  const Clock& clock_;
  std::vector<Input> inputs_;
  std::vector<WatermarkValve> valves_;
  std::optional<BarrierAligner> aligner_;
  std::map<checkpoint::CheckpointId, CheckpointBarrier> barriers_;  // that are under way
  std::vector<std::pair<network::InputGate*, int>> blocked_;
  MonotonicTime alignmentBegan_{};
  std::uint64_t alignmentBytes_ = 0;
  std::size_t next_ = 0;
  std::size_t numOpen_ = 0;      // gates
  std::size_t numWithData_ = 0;  // gates
  bool endOfDataReported_ = false;
  bool drained_ = true;
  bool discards_ = false;
};

}  // namespace flink::task
