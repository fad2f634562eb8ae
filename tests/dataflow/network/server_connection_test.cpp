#include "dataflow/network/server_connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "core/base/error_codes.h"

namespace flink::network {
namespace {

/// Runs what is posted when the test says so.
class QueueTransport final : public StreamTransport {
 public:
  void connect(const std::string&, int, Duration,
               std::function<void(Result<std::unique_ptr<StreamConnection>>)>) override {}
  Result<std::unique_ptr<StreamConnection>> adopt(int) override {
    return Status(ErrorCode::kUnsupported, "no sockets here");
  }
  void post(std::function<void()> fn) override { queue.push_back(std::move(fn)); }
  void schedule(Duration, std::function<void()>) override {}
  void stop() override { queue.clear(); }

  std::deque<std::function<void()>> queue;
};

/// A consumer that asks for ever new channels of a partition that is not there, and takes its
/// answers only when the test says so.
class AskingConnection final : public StreamConnection {
 public:
  explicit AskingConnection(QueueTransport& transport) : transport_(transport) {}
  void read(MutableByteView, Done) override {}
  void readSome(MutableByteView dst, std::function<void(Result<std::size_t>)> done) override {
    while (bytes_.size() < dst.size())
      bytes_ += encodePartitionRequest(++channels, 1, {ResultPartitionId{}, 0});
    std::memcpy(dst.data(), bytes_.data(), dst.size());
    bytes_.erase(0, dst.size());
    transport_.post([done = std::move(done), size = dst.size()] { done(size); });
  }
  void write(std::span<const ByteView> parts, Done done) override {
    for (const ByteView part : parts) bytesWritten += part.size();
    written = std::move(done);
  }
  void close() override { written = nullptr; }
  [[nodiscard]] std::string peerName() const override { return "peer"; }

  std::uint32_t channels = 0;
  std::size_t bytesWritten = 0;
  Done written;

 private:
  QueueTransport& transport_;
  Bytes bytes_;
};

TEST(ServerConnectionTest, APeerThatTakesNoAnswersIsNotReadOn) {
  QueueTransport transport;
  auto registry = std::make_shared<PartitionRegistry>(transport, std::chrono::seconds(1));
  registry->stop({ErrorCode::kPartitionNotFound, "this worker has ended"});
  auto owned = std::make_unique<AskingConnection>(transport);
  AskingConnection& peer = *owned;
  auto connection =
      std::make_shared<ServerConnection>(std::move(owned), 32 << 10, registry, transport, [] {});
  connection->start();
  const auto runSome = [&] {
    for (int i = 0; i < 100'000 && !transport.queue.empty(); ++i) {
      auto fn = std::move(transport.queue.front());
      transport.queue.pop_front();
      fn();
    }
  };
  runSome();
  ASSERT_TRUE(transport.queue.empty()) << "it reads on and on";
  const std::uint32_t asked = peer.channels;
  EXPECT_GT(asked, 1000U);

  std::exchange(peer.written, {})(Status::ok());  // the peer takes what there is
  runSome();
  EXPECT_GT(peer.bytesWritten, ServerConnection::kMaxControlBytes);
  EXPECT_GT(peer.channels, asked) << "what left makes room for more";
  EXPECT_TRUE(transport.queue.empty());
  connection->close();
}

}  // namespace
}  // namespace flink::network
