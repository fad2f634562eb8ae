#pragma once

#include <map>
#include <memory>

#include "core/base/mutex.h"
#include "dataflow/network/buffer_pool.h"
#include "dataflow/network/client_connection.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/network/partition_registry.h"
#include "dataflow/network/probe.h"
#include "dataflow/network/server_connection.h"

namespace flink::network {

/// Owns the network memory, the partitions and the connections of a worker.
class WorkerNetworkEnvironment final : public NetworkEnvironment {
 public:
  WorkerNetworkEnvironment(NetworkSettings settings, Bytes hello, StreamTransport& transport,
                           Executor& executor, FileSystem& files);
  ~WorkerNetworkEnvironment() override;

  Result<std::unique_ptr<ResultPartition>> createPartition(
      const PartitionSpec& spec, std::shared_ptr<metrics::MetricGroup> group) override;
  Result<std::unique_ptr<InputGate>> createGate(
      const GateSpec& spec, std::shared_ptr<metrics::MetricGroup> group) override;
  void acceptConnection(std::unique_ptr<StreamConnection> connection) override;
  void releasePartition(const ResultPartitionId& id) override;
  void addMemory(std::int64_t bytes) override { memory_->add(bytes); }
  [[nodiscard]] std::int64_t totalSegments() const override { return memory_->totalSegments(); }
  [[nodiscard]] std::int64_t usedSegments() const override { return memory_->usedSegments(); }
  [[nodiscard]] int requestedUsagePercent() const override {
    return memory_->requestedUsagePercent();
  }
  void stop() override;

 private:
  /// The producer's ends of connections; their close callbacks may come after the environment is
  /// gone.
  struct Accepted {
    Mutex mutex;
    std::map<std::uint64_t, std::shared_ptr<ServerConnection>> connections FLINK_GUARDED_BY(mutex);
    std::uint64_t nextNumber FLINK_GUARDED_BY(mutex) = 0;
    bool stopped FLINK_GUARDED_BY(mutex) = false;
  };

  Result<std::unique_ptr<ResultPartition>> createPipelined(const PartitionSpec& spec,
                                                           std::shared_ptr<OutputProbe> probe,
                                                           TaskProbe* taskProbe);
  Result<std::unique_ptr<ResultPartition>> createBlocking(const PartitionSpec& spec,
                                                          std::shared_ptr<OutputProbe> probe);

  const NetworkSettings settings_;
  StreamTransport& transport_;
  Executor& executor_;
  FileSystem& files_;
  const std::shared_ptr<NetworkBufferPool> memory_;
  const std::shared_ptr<memory::SegmentPool> readAhead_;
  const std::shared_ptr<PartitionRegistry> registry_;
  const std::shared_ptr<ConnectionManager> connections_;
  const std::shared_ptr<Accepted> accepted_;
  TaskProbes probes_;
};

}  // namespace flink::network
