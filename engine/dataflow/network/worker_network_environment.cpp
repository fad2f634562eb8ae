#include "dataflow/network/worker_network_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/network/blocking_partition.h"
#include "dataflow/network/pipelined_partition.h"
#include "dataflow/network/single_input_gate.h"

namespace flink::network {
namespace {

NetworkSettings checked(NetworkSettings settings) {
  FLINK_CHECK(
      settings.segmentBytes >= 4096 && (settings.segmentBytes & (settings.segmentBytes - 1)) == 0,
      "taskmanager.memory.segment-size must be a power of two of at least 4 KiB");
  FLINK_CHECK(settings.buffersPerChannel >= 0 && settings.floatingBuffersPerGate >= 0 &&
                  settings.buffersPerChannel + settings.floatingBuffersPerGate > 0,
              "a channel needs exclusive or floating buffers");
  settings.maxBuffersPerChannel = std::max(1, settings.maxBuffersPerChannel);
  settings.maxOverdraftBuffersPerGate = std::max(0, settings.maxOverdraftBuffersPerGate);
  return settings;
}

ClientSettings clientSettings(const NetworkSettings& settings, Bytes hello) {
  ClientSettings client;
  client.hello = std::move(hello);
  client.segmentBytes = static_cast<std::uint32_t>(settings.segmentBytes);
  client.connectTimeout = settings.connectTimeout;
  client.backoffInitial = settings.requestBackoffInitial;
  client.backoffMax = settings.requestBackoffMax;
  return client;
}

Status stopping() {
  return {ErrorCode::kUnavailable, "the worker's network is stopping"};
}

}  // namespace

WorkerNetworkEnvironment::WorkerNetworkEnvironment(NetworkSettings settings, Bytes hello,
                                                   StreamTransport& transport, Executor& executor,
                                                   FileSystem& files)
    : settings_(checked(std::move(settings))),
      transport_(transport),
      executor_(executor),
      files_(files),
      memory_(std::make_shared<NetworkBufferPool>(settings_.networkBytes, settings_.segmentBytes)),
      readAhead_(
          std::make_shared<memory::SegmentPool>(settings_.readAheadBytes, settings_.segmentBytes)),
      registry_(std::make_shared<PartitionRegistry>(transport, settings_.partitionRequestTimeout)),
      connections_(std::make_shared<ConnectionManager>(clientSettings(settings_, std::move(hello)),
                                                       transport)),
      accepted_(std::make_shared<Accepted>()) {}

WorkerNetworkEnvironment::~WorkerNetworkEnvironment() {
  stop();
}

Result<std::unique_ptr<ResultPartition>> WorkerNetworkEnvironment::createPartition(
    const PartitionSpec& spec, std::shared_ptr<metrics::MetricGroup> group) {
  if (spec.localConsumers.empty()) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("partition without subpartitions: owner={}", spec.owner));
  }
  auto taskProbe = probes_.of(group);
  const auto probe = std::make_shared<OutputProbe>(taskProbe);
  if (spec.blocking) return createBlocking(spec, probe);
  return createPipelined(spec, probe, taskProbe.get());
}

Result<std::unique_ptr<ResultPartition>> WorkerNetworkEnvironment::createPipelined(
    const PartitionSpec& spec, std::shared_ptr<OutputProbe> probe, TaskProbe* taskProbe) {
  PipelinedPartitionSettings settings;
  settings.id = spec.id;
  settings.numSubpartitions = static_cast<int>(spec.localConsumers.size());
  settings.maxOverdraftBuffers = settings_.maxOverdraftBuffersPerGate;
  settings.maxBuffersPerChannel = settings_.maxBuffersPerChannel;
  const int maxSegments =
      settings.numSubpartitions * settings_.buffersPerChannel + settings_.floatingBuffersPerGate;
  auto onConsumed = [weak = std::weak_ptr(registry_), id = spec.id] {
    if (const auto registry = weak.lock()) registry->remove(id);
  };
  FLINK_ASSIGN_OR_RETURN(auto shared, PipelinedPartition::create(settings, *memory_, maxSegments,
                                                                 executor_, std::move(onConsumed)));
  FLINK_RETURN_IF_ERROR(registry_->add(spec.id, shared));
  if (taskProbe != nullptr) taskProbe->queues().addOutput(shared);
  return std::unique_ptr<ResultPartition>(std::make_unique<PipelinedResultPartition>(
      spec, static_cast<std::uint32_t>(settings_.segmentBytes), std::move(probe), std::move(shared),
      executor_));
}

Result<std::unique_ptr<ResultPartition>> WorkerNetworkEnvironment::createBlocking(
    const PartitionSpec& spec, std::shared_ptr<OutputProbe> probe) {
  const int numSubpartitions = static_cast<int>(spec.localConsumers.size());
  BlockingResultPartition::Collaborators with;
  with.room = std::make_shared<RoomCondition>(executor_);
  FLINK_ASSIGN_OR_RETURN(with.memory, memory_->createPool(numSubpartitions, numSubpartitions,
                                                          [weak = std::weak_ptr(with.room)] {
                                                            if (const auto room = weak.lock())
                                                              room->wake();
                                                          }));
  const std::string path =
      fmt::format("{}/{}.partition", settings_.temporaryDirectory, spec.id.toString());
  FLINK_ASSIGN_OR_RETURN(with.file, files_.openWrite(path));
  with.shared = std::make_shared<BlockingPartition>(spec.id, path, numSubpartitions, readAhead_,
                                                    files_, executor_);
  with.onComplete = [registry = registry_, id = spec.id, shared = with.shared] {
    return registry->add(id, shared);
  };
  return std::unique_ptr<ResultPartition>(
      std::make_unique<BlockingResultPartition>(spec, std::move(probe), std::move(with)));
}

Result<std::unique_ptr<InputGate>> WorkerNetworkEnvironment::createGate(
    const GateSpec& spec, std::shared_ptr<metrics::MetricGroup> group) {
  const auto numChannels = static_cast<int>(spec.channels.size());
  if (numChannels == 0)
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("gate without channels: owner={}", spec.owner));
  const auto numRemote =
      static_cast<int>(std::count_if(spec.channels.begin(), spec.channels.end(),
                                     [](const ChannelSpec& channel) { return !channel.local; }));
  auto buffers = std::make_shared<GateBuffers>(settings_.floatingBuffersPerGate);
  if (numRemote > 0) {
    const int exclusive = numRemote * settings_.buffersPerChannel;
    const int atLeastOneFloating = settings_.floatingBuffersPerGate > 0 ? 1 : 0;
    FLINK_ASSIGN_OR_RETURN(auto pool,
                           memory_->createPool(exclusive + atLeastOneFloating,
                                               exclusive + settings_.floatingBuffersPerGate,
                                               [weak = std::weak_ptr(buffers)] {
                                                 if (const auto self = weak.lock()) self->onRoom();
                                               }));
    buffers->setPool(std::move(pool));
  }
  auto queue = std::make_shared<GateQueue>(numChannels);
  auto channels = std::make_shared<GateChannels>();
  channels->floatingTotal = settings_.floatingBuffersPerGate;
  for (int i = 0; i < numChannels; ++i) {
    const ChannelSpec& channel = spec.channels[static_cast<std::size_t>(i)];
    if (channel.local) {
      channels->all.push_back(std::make_shared<LocalInputChannel>(i, channel, queue, registry_));
    } else {
      channels->remote.push_back(std::make_shared<RemoteInputChannel>(
          i, channel, settings_.buffersPerChannel, queue, buffers, connections_));
      channels->all.push_back(channels->remote.back());
    }
  }
  auto probe = probes_.of(group);
  if (probe != nullptr) probe->queues().addInput(channels);
  return std::unique_ptr<InputGate>(std::make_unique<SingleInputGate>(
      spec.owner, std::move(channels), std::move(queue), std::move(buffers), std::move(probe),
      static_cast<std::uint32_t>(settings_.segmentBytes)));
}

void WorkerNetworkEnvironment::acceptConnection(std::unique_ptr<StreamConnection> connection) {
  std::shared_ptr<ServerConnection> server;
  {
    MutexLock lock(accepted_->mutex);
    if (accepted_->stopped) return;
    const std::uint64_t number = accepted_->nextNumber++;
    auto onClosed = [accepted = std::weak_ptr(accepted_), number] {
      const auto self = accepted.lock();
      if (self == nullptr) return;
      std::shared_ptr<ServerConnection> removed;  // destroyed after the lock
      MutexLock closing(self->mutex);
      const auto it = self->connections.find(number);
      if (it == self->connections.end()) return;
      removed = std::move(it->second);
      self->connections.erase(it);
    };
    server = std::make_shared<ServerConnection>(std::move(connection),
                                                static_cast<std::uint32_t>(settings_.segmentBytes),
                                                registry_, transport_, std::move(onClosed));
    accepted_->connections.emplace(number, server);
  }
  server->start();
}

void WorkerNetworkEnvironment::releasePartition(const ResultPartitionId& id) {
  registry_->remove(id);
}

void WorkerNetworkEnvironment::stop() {
  std::vector<std::shared_ptr<ServerConnection>> open;
  {
    MutexLock lock(accepted_->mutex);
    if (std::exchange(accepted_->stopped, true)) return;
    for (const auto& [number, connection] : accepted_->connections) open.push_back(connection);
  }
  registry_->stop(stopping());
  connections_->stop(stopping());
  for (const auto& connection : open) connection->close();
}

std::unique_ptr<NetworkEnvironment> makeNetworkEnvironment(NetworkSettings settings, Bytes hello,
                                                           StreamTransport& transport,
                                                           Executor& executor, FileSystem& files) {
  return std::make_unique<WorkerNetworkEnvironment>(std::move(settings), std::move(hello),
                                                    transport, executor, files);
}

}  // namespace flink::network
