#include "cluster/taskmanager/data_port.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "core/base/error_codes.h"

namespace flink::taskmanager {
namespace {

using ::testing::HasSubstr;

OwnedFd connectTo(int port) {
  OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

void sendAll(const OwnedFd& socket, const std::string& bytes) {
  EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

bool closedByPeer(const OwnedFd& socket) {
  char byte;
  const ssize_t n = ::recv(socket.get(), &byte, 1, 0);
  return n <= 0;
}

protocol::DataHello helloOf(std::uint8_t job) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = job;
  return {JobId(bytes), JobToken(bytes), "localhost:1-abc"};
}

class DataPortTest : public ::testing::Test {
 protected:
  void listen(Duration helloTimeout = std::chrono::minutes(1), std::size_t maxUnread = 256) {
    DataPort::Settings settings;
    settings.helloTimeout = helloTimeout;
    settings.maxUnread = maxUnread;
    port_ = DataPort::listen(settings, [this](DataConnection connection) {
              arrived_.set_value(std::move(connection));
            }).value();
  }

  std::promise<DataConnection> arrived_;
  std::unique_ptr<DataPort> port_;
};

TEST_F(DataPortTest, HandsOverTheSocketWithNothingReadBeyondTheHello) {
  listen();
  const OwnedFd client = connectTo(port_->port());
  sendAll(client, protocol::encodeDataHello(helloOf(7)) + "rest");
  DataConnection connection = arrived_.get_future().get();
  EXPECT_EQ(connection.hello.job, helloOf(7).job);
  EXPECT_EQ(connection.hello.token, helloOf(7).token);
  EXPECT_EQ(connection.hello.consumer, "localhost:1-abc");
  EXPECT_THAT(connection.peer, HasSubstr("127.0.0.1:"));
  port_->stop();
  pollfd readable{connection.socket.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&readable, 1, 10'000), 1);
  char rest[5] = {};
  EXPECT_EQ(::recv(connection.socket.get(), rest, 4, 0), 4);
  EXPECT_STREQ(rest, "rest");
}

TEST_F(DataPortTest, AHelloMayComeInPieces) {
  listen();
  const OwnedFd client = connectTo(port_->port());
  const std::string hello = protocol::encodeDataHello(helloOf(7));
  for (const char byte : hello) sendAll(client, std::string(1, byte));
  EXPECT_EQ(arrived_.get_future().get().hello.consumer, "localhost:1-abc");
}

TEST_F(DataPortTest, RefusesWhatIsNoHello) {
  listen();
  const OwnedFd client = connectTo(port_->port());
  sendAll(client, "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something\r\n\r\n");
  EXPECT_TRUE(closedByPeer(client));
}

TEST_F(DataPortTest, ClosesSilentConnections) {
  listen(std::chrono::milliseconds(20));
  const OwnedFd client = connectTo(port_->port());
  EXPECT_TRUE(closedByPeer(client));
}

TEST_F(DataPortTest, ConnectionsBeyondTheBoundWaitForTheirTurn) {
  listen(std::chrono::milliseconds(50), 1);
  const OwnedFd silent = connectTo(port_->port());
  const OwnedFd client = connectTo(port_->port());
  sendAll(client, protocol::encodeDataHello(helloOf(7)));
  EXPECT_EQ(arrived_.get_future().get().hello.job, helloOf(7).job);
}

TEST_F(DataPortTest, StopClosesHalfReadConnections) {
  listen();
  const OwnedFd client = connectTo(port_->port());
  sendAll(client, "FLKD");
  port_->stop();
  EXPECT_TRUE(closedByPeer(client));
}

TEST_F(DataPortTest, NamesTheOwnerOfAPortInUse) {
  listen();
  DataPort::Settings settings;
  settings.port = port_->port();
  const auto second = DataPort::listen(settings, [](DataConnection) {});
  ASSERT_FALSE(second.isOk());
  EXPECT_EQ(second.status().code(), ErrorCode::kPortInUse);
  EXPECT_THAT(second.status().message(), HasSubstr("(" + std::to_string(::getpid()) + ")"));
}

TEST_F(DataPortTest, StaysOnLoopback) {
  DataPort::Settings settings;
  settings.host = "0.0.0.0";
  EXPECT_EQ(DataPort::listen(settings, [](DataConnection) {}).status().code(),
            ErrorCode::kBindRefused);
}

}  // namespace
}  // namespace flink::taskmanager
