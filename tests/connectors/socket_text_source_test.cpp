#include "connectors/socket/socket_text_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>
#include <thread>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {
namespace {

using testing::ElementsAre;

/// Listens on a free port of this host.
class TestServer {
 public:
  TestServer() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 4) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int port() const { return port_; }
  OwnedFd accept() { return OwnedFd(::accept(listener_.get(), nullptr, nullptr)); }
  void stop() { listener_.reset(); }

 private:
  OwnedFd listener_;
  int port_ = 0;
};

void send(const OwnedFd& connection, std::string_view text) {
  ASSERT_EQ(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

class VectorContext final : public SourceContext<std::string> {
 public:
  void collect(std::string record) override { records.push_back(std::move(record)); }
  void collectWithTimestamp(std::string record, std::int64_t /*timestamp*/) override {
    collect(std::move(record));
  }
  void emitWatermark(std::int64_t /*watermark*/) override {}
  void markAsTemporarilyIdle() override {}
  CheckpointLock& getCheckpointLock() override { throw std::logic_error("not in this test"); }
  std::vector<std::string> records;
};

TEST(SocketTextSourceTest, CutsLinesAcrossPacketsAndEndsWithTheServer) {
  TestServer server;
  VectorContext context;
  SocketTextSource source("127.0.0.1", server.port(), "\n", 0);
  std::thread reader([&] { source.run(context); });
  {
    const OwnedFd connection = server.accept();
    send(connection, "to be\r\nor n");
    send(connection, "ot\n\nlast");
  }
  reader.join();
  EXPECT_THAT(context.records, ElementsAre("to be", "or not", "", "last"));
}

TEST(SocketTextSourceTest, DelimitersMayBeLong) {
  TestServer server;
  VectorContext context;
  SocketTextSource source("localhost", server.port(), "||", 0);
  std::thread reader([&] { source.run(context); });
  {
    const OwnedFd connection = server.accept();
    send(connection, "a|");
    send(connection, "|b|c||");
  }
  reader.join();
  EXPECT_THAT(context.records, ElementsAre("a", "b|c"));
}

TEST(SocketTextSourceTest, CancelEndsAWaitingRun) {
  TestServer server;
  VectorContext context;
  SocketTextSource source("127.0.0.1", server.port(), "\n", -1);
  std::thread reader([&] { source.run(context); });
  const OwnedFd connection = server.accept();
  send(connection, "a\nb");
  source.cancel();
  reader.join();
}

TEST(SocketTextSourceTest, CancelDoesNotReachCopies) {
  TestServer server;
  SocketTextSource source("127.0.0.1", server.port(), "\n", 0);
  source.cancel();
  VectorContext context;
  SocketTextSource copy(source);
  std::thread reader([&] { copy.run(context); });
  send(server.accept(), "a\n");
  reader.join();
  EXPECT_THAT(context.records, ElementsAre("a"));
}

TEST(SocketTextSourceTest, RefusedConnectionsNameTheAddress) {
  TestServer server;
  const int port = server.port();
  server.stop();
  SocketTextSource source("127.0.0.1", port, "\n", 0);
  VectorContext context;
  try {
    source.run(context);
    FAIL();
  } catch (const operators::OperatorFailure& error) {
    EXPECT_EQ(error.status().code(), ErrorCode::kConnectionLost);
    EXPECT_THAT(error.what(), testing::HasSubstr("host=127.0.0.1 port=" + std::to_string(port)));
  }
  EXPECT_THROW(SocketTextSource("h", 0, "\n", 0), operators::OperatorFailure);
}

}  // namespace
}  // namespace flink::connectors
