#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dataflow/network/compression.h"
#include "dataflow/network/gate_buffers.h"
#include "dataflow/network/gate_queue.h"
#include "dataflow/network/local_input_channel.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/network/probe.h"
#include "dataflow/network/remote_input_channel.h"

namespace flink::network {

/// The channels of a gate and its figures; shared with the metrics' thread.
class GateChannels final : public InputFiguresSource {
 public:
  std::vector<std::shared_ptr<InputChannel>> all;
  std::vector<std::shared_ptr<RemoteInputChannel>> remote;
  int floatingTotal = 0;
  [[nodiscard]] InputFigures inputFigures() const override;
};

/// The input gate of one edge at one task.
class SingleInputGate final : public InputGate {
 public:
  SingleInputGate(std::string owner, std::shared_ptr<GateChannels> channels,
                  std::shared_ptr<GateQueue> queue, std::shared_ptr<GateBuffers> buffers,
                  std::shared_ptr<TaskProbe> probe, std::uint32_t segmentBytes);
  ~SingleInputGate() override;

  void start(std::function<void()> onAvailable) override;
  Result<std::unique_ptr<InputBuffer>> poll() override;
  [[nodiscard]] bool hasData() const override { return queue_->hasReady(); }
  void blockChannel(int channel) override { queue_->block(channel); }
  void resumeChannel(int channel) override;
  [[nodiscard]] int numChannels() const override { return static_cast<int>(channels_->all.size()); }
  [[nodiscard]] bool finished() const override { return numEnded_ == numChannels(); }
  void close() override;

 private:
  Result<std::unique_ptr<InputBuffer>> deliver(int index, Taken taken);

  const std::string owner_;
  const std::shared_ptr<GateChannels> channels_;
  const std::shared_ptr<GateQueue> queue_;
  const std::shared_ptr<GateBuffers> buffers_;
  const std::shared_ptr<TaskProbe> probe_;  ///< may be null
  const std::uint32_t segmentBytes_;
  std::unique_ptr<BufferCodec> codec_;  ///< made for the first compressed buffer
  int numEnded_ = 0;
  /// The channel whose barrier the last poll() gave out: the next one knows whether it is blocked.
  std::optional<int> atBarrier_;
  bool closed_ = false;
};

}  // namespace flink::network
