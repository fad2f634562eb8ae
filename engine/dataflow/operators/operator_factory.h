#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/types/segment_writer.h"
#include "core/types/stream_time.h"
#include "dataflow/operators/operator.h"

namespace flink::operators {

/// Makes the instances of one operator of a program. Stateless: one factory serves all subtasks.
/// Thread: create from any thread.
class OperatorFactory {
 public:
  virtual ~OperatorFactory() = default;
  virtual std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const = 0;
  /// Null when the operator has no coordinator.
  virtual std::unique_ptr<OperatorCoordinator> createCoordinator() const { return nullptr; }
  /// Whether its instances use OperatorContext::managedMemoryBytes.
  [[nodiscard]] virtual bool usesManagedMemory(bool /*batchMode*/) const { return false; }
};

/// How an edge's writer picks channels; mirrors protocol::ShipStrategy without depending on it.
enum class ChannelSelection : std::uint8_t {
  kForward,
  kRoundRobin,
  kHash,
  kBroadcast,
  kGlobal,
  kRandom,
  kCustom
};

struct EdgeWriterSpec {
  ChannelSelection selection = ChannelSelection::kForward;
  int subtaskIndex = 0;      ///< of the producer; seeds round robin
  int maxParallelism = 128;  ///< of the consumer, for kHash
};

/// How far one call of EdgeReader::read came.
struct EdgeReadResult {
  bool usedUp = false;                          ///< of the segment nothing is left
  std::optional<types::StreamElement> element;  ///< came behind the records of this call
};

/// Decodes one gate's buffers into batches of the edge's type and hands them to the target's input.
/// Thread: the task's step.
class EdgeReader {
 public:
  virtual ~EdgeReader() = default;
  /// Continues at `offset` (bytes, advanced) and processes at most about `maxRecords` records of
  /// `segment`, adding their number to `numRecords`. Stops behind a control element. Errors:
  /// kCorruptData.
  virtual Result<EdgeReadResult> read(int channel, const types::SegmentView& segment,
                                      std::size_t& offset, std::size_t maxRecords,
                                      std::uint64_t& numRecords) = 0;
};

/// The typed ends of one edge between tasks.
class EdgeCodec {
 public:
  virtual ~EdgeCodec() = default;
  virtual std::unique_ptr<Receiver> makeWriter(types::SegmentWriter& writer,
                                               const EdgeWriterSpec& spec) const = 0;
  /// `target` must receive the edge's type. `numChannels` sizes the scratch of cut records.
  virtual std::unique_ptr<EdgeReader> makeReader(Receiver& target, int numChannels) const = 0;
};

/// Finds the code of a job's graph: what running the program again produced.
/// Thread: const, any.
class OperatorCatalog {
 public:
  virtual ~OperatorCatalog() = default;
  /// Null when the program has no such node.
  [[nodiscard]] virtual const OperatorFactory* operatorFactory(std::int32_t streamNode) const = 0;
  [[nodiscard]] virtual const EdgeCodec* edgeCodec(std::int32_t sourceNode, std::int32_t targetNode,
                                                   std::int32_t targetInput,
                                                   std::string_view sideOutputTag) const = 0;
};

}  // namespace flink::operators
