#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/operators/operator_factory.h"
#include "dataflow/task/task.h"
#include "dataflow/task/watermark_valve.h"

namespace flink::task {

class OperatorChain;

/// What one call of InputReader::readSome came to.
struct ReadOutcome {
  enum class Kind : std::uint8_t { kRead, kNothingNow, kEnded };
  Kind kind = Kind::kNothingNow;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of buffers taken, counted once
};

/// Reads a task's gates in turn: the one that was read goes to the end of the line.
/// Thread: the task's step.
/// Lifetime: make → start → readSome … → close.
class InputReader {
 public:
  /// Errors: kInsufficientNetworkBuffers, kFingerprintMismatch.
  static Result<std::unique_ptr<InputReader>> make(
      const TaskSpec& spec, const operators::OperatorCatalog& catalog,
      network::NetworkEnvironment& network, OperatorChain& chain,
      const std::shared_ptr<metrics::MetricGroup>& group);
  /// Requests the partitions. `onAvailable` may be called from any thread.
  void start(const std::function<void()>& onAvailable);
  /// Processes up to about `maxRecords` records of one buffer.
  Result<ReadOutcome> readSome(std::size_t maxRecords);
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
    std::size_t valve = 0;         // of the operator's input, shared by all its gates
    std::size_t firstChannel = 0;  // there
  };

  explicit InputReader(OperatorChain& chain) : chain_(chain) {}
  /// Makes the input's next data buffer current; false when there is none now.
  Result<bool> fetch(Input& input, ReadOutcome& outcome);
  /// Tells the operator when the last gate of one of its inputs ended.
  void onGateEnded(Input& input);
  void onElement(const Input& input, const types::StreamElement& element);
  void makeValves();

  OperatorChain& chain_;
  std::vector<Input> inputs_;
  std::vector<WatermarkValve> valves_;
  std::size_t next_ = 0;
  std::size_t numOpen_ = 0;
};

}  // namespace flink::task
