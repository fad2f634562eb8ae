#include "tests/dataflow/network/test_worker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/check.h"
#include "core/fs/local_file_system.h"

namespace flink::network {

TestDataPort::TestDataPort(std::string hello, std::function<void(OwnedFd)> onSocket)
    : hello_(std::move(hello)),
      onSocket_(std::move(onSocket)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  FLINK_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  FLINK_CHECK(::listen(listener_.get(), 64) == 0, "listen");
  FLINK_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0,
              "getsockname");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { acceptAll(); });
}

TestDataPort::~TestDataPort() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

void TestDataPort::acceptAll() {
  while (true) {
    OwnedFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) return;
    std::string hello(hello_.size(), '\0');
    if (::recv(socket.get(), hello.data(), hello.size(), MSG_WAITALL) !=
        static_cast<ssize_t>(hello.size()))
      continue;
    if (hello == hello_) onSocket_(std::move(socket));
  }
}

TestWorker::TestWorker(NetworkSettings settings, int numThreads) {
  directory_ = (std::filesystem::temp_directory_path() / "flink-network-XXXXXX").string();
  FLINK_CHECK(::mkdtemp(directory_.data()) != nullptr, "mkdtemp");
  files_ = fs::makeLocalFileSystem();
  ExecutorOptions options;
  options.numThreads = numThreads;
  executor_ = makeThreadExecutor(options, clock_);
  transport_ = makeAsioStreamTransport(1);
  settings.temporaryDirectory = directory_;
  network_ = makeNetworkEnvironment(settings, kHello, *transport_, *executor_, *files_);
  port_ = std::make_unique<TestDataPort>(kHello, [this](OwnedFd socket) {
    auto connection = transport_->adopt(socket.release());
    if (connection.isOk()) network_->acceptConnection(std::move(connection).value());
  });
}

TestWorker::~TestWorker() {
  stop();
  port_.reset();
  executor_->stop();
  transport_->stop();
  network_.reset();
  transport_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void TestWorker::stop() {
  network_->stop();
}

ResultPartitionId partitionId(int number) {
  ResultPartitionId id;
  id.producer.subtask = number;
  return id;
}

PartitionSpec partitionSpec(int number, std::vector<bool> localConsumers) {
  PartitionSpec spec;
  spec.id = partitionId(number);
  spec.owner = "producer";
  spec.localConsumers = std::move(localConsumers);
  return spec;
}

ChannelSpec channelSpec(int number, int subpartition, const TestWorker* remote) {
  ChannelSpec channel;
  channel.partition = partitionId(number);
  channel.subpartition = subpartition;
  channel.local = remote == nullptr;
  if (remote != nullptr) {
    channel.host = "localhost";
    channel.dataPort = remote->port();
  }
  return channel;
}

GateSpec gateSpec(int number, int subpartition, const TestWorker* remote) {
  GateSpec spec;
  spec.owner = "consumer";
  spec.channels.push_back(channelSpec(number, subpartition, remote));
  return spec;
}

std::unique_ptr<ResultPartition> makePartition(TestWorker& worker, const PartitionSpec& spec) {
  auto partition = worker.network().createPartition(spec, nullptr);
  FLINK_CHECK(partition.isOk(), partition.status().toString());
  return std::move(partition).value();
}

std::unique_ptr<InputGate> makeGate(TestWorker& worker, const GateSpec& spec) {
  auto gate = worker.network().createGate(spec, nullptr);
  FLINK_CHECK(gate.isOk(), gate.status().toString());
  return std::move(gate).value();
}

}  // namespace flink::network
