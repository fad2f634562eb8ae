#pragma once

#include <memory>

#include "core/base/mutex.h"
#include "dataflow/network/gate_queue.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/network/partition_registry.h"

namespace flink::network {

/// Takes buffers straight from a subpartition of this worker: handed over by pointer.
class LocalInputChannel final : public InputChannel,
                                public SubpartitionListener,
                                public std::enable_shared_from_this<LocalInputChannel> {
 public:
  LocalInputChannel(int index, ChannelSpec spec, std::shared_ptr<GateQueue> queue,
                    std::shared_ptr<PartitionRegistry> registry)
      : index_(index),
        spec_(std::move(spec)),
        queue_(std::move(queue)),
        registry_(std::move(registry)) {}

  void start() override;
  TakeResult take(Taken& out) override;
  void resume() override {}
  void close() override;
  [[nodiscard]] bool isLocal() const override { return true; }
  [[nodiscard]] int queuedBuffers() const override { return 0; }
  [[nodiscard]] std::int64_t queuedBytes() const override { return 0; }

  void onDataAvailable() override { queue_->markReady(index_); }
  void onFailure(const Status& reason) override { queue_->fail(reason); }

 private:
  void onView(Result<std::shared_ptr<SubpartitionView>> view);

  const int index_;
  const ChannelSpec spec_;
  const std::shared_ptr<GateQueue> queue_;
  const std::shared_ptr<PartitionRegistry> registry_;
  Mutex mutex_;
  std::shared_ptr<SubpartitionView> view_ FLINK_GUARDED_BY(mutex_);
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink::network
