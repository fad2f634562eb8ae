#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/process.h"
#include "core/base/stream_transport.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {

/// What the supervisor does for a worker: accepts on a free port, reads the hello, passes the
/// socket on.
class TestDataPort {
 public:
  /// `onSocket` gets every connection whose hello was right.
  TestDataPort(std::string hello, std::function<void(OwnedFd)> onSocket);
  ~TestDataPort();
  [[nodiscard]] int port() const { return port_; }

 private:
  void acceptAll();

  const std::string hello_;
  const std::function<void(OwnedFd)> onSocket_;
  OwnedFd listener_;
  int port_ = 0;
  std::thread thread_;
};

/// One worker process's share of the data plane, with its own threads and data port.
class TestWorker {
 public:
  static constexpr const char* kHello = "hello of a test worker";
  explicit TestWorker(NetworkSettings settings = {}, int numThreads = 1);
  ~TestWorker();

  [[nodiscard]] int port() const { return port_->port(); }
  [[nodiscard]] NetworkEnvironment& network() { return *network_; }
  [[nodiscard]] Executor& executor() { return *executor_; }
  [[nodiscard]] StreamTransport& transport() { return *transport_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  /// As if the process ended.
  void stop();

 private:
  SystemClock clock_;
  std::string directory_;
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<StreamTransport> transport_;
  std::unique_ptr<NetworkEnvironment> network_;
  std::unique_ptr<TestDataPort> port_;
};

/// A partition id that differs in `number`.
[[nodiscard]] ResultPartitionId partitionId(int number);

/// A pipelined partition with a subpartition per consumer.
[[nodiscard]] PartitionSpec partitionSpec(int number, std::vector<bool> localConsumers);
/// One subpartition, of this worker (`remote` is null) or of another one.
[[nodiscard]] ChannelSpec channelSpec(int number, int subpartition, const TestWorker* remote);
/// A gate with that one channel.
[[nodiscard]] GateSpec gateSpec(int number, int subpartition, const TestWorker* remote);
/// Ends the test program when the worker refuses.
[[nodiscard]] std::unique_ptr<ResultPartition> makePartition(TestWorker& worker,
                                                             const PartitionSpec& spec);
[[nodiscard]] std::unique_ptr<InputGate> makeGate(TestWorker& worker, const GateSpec& spec);

}  // namespace flink::network
