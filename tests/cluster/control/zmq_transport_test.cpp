#include "cluster/control/zmq_transport.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/base/error_codes.h"
#include "core/base/process.h"
#include "core/base/rng.h"
#include "node.h"

namespace flink::control {
namespace {

using namespace protocol;
using test::Eventually;
using test::kPatience;
using test::Node;
using testing::HasSubstr;
using testing::StartsWith;

std::string at(int port) {
  return fmt::format("localhost:{}", port);
}

/// A server that answers HasBlob and repeats records as collected results.
std::unique_ptr<Node> makeServer() {
  auto server =
      std::make_unique<Node>(makeZmqTransport("server"), RpcEndpoint::Options{.sender = "server"});
  server->rpc().serve<HasBlobRequest>([](const auto&, const HasBlobRequest&, const auto& respond) {
    respond(HasBlobRequest::Response{true});
  });
  server->rpc().serve<ReadLogRequest>(
      [](const auto&, const ReadLogRequest& request, const auto& respond) {
        respond(ReadLogRequest::Response{request.name, request.offset, 0});
      });
  server->rpc().serve<ListJobsRequest>([](const auto& peer, const auto&, const auto& respond) {
    respond(Status(ErrorCode::kNotFound, peer));
  });
  server->rpc().start();
  return server;
}

std::unique_ptr<Node> makeClient() {
  auto client =
      std::make_unique<Node>(makeZmqTransport("client"), RpcEndpoint::Options{.sender = "client"});
  client->rpc().start();
  return client;
}

TEST(ZmqTransportTest, CallsAreAnsweredOverFreePorts) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  ASSERT_TRUE(port) << port.status().toString();
  ASSERT_GT(*port, 0);
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(*port));
  ASSERT_TRUE(peer);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->call(*peer, HasBlobRequest{}).get());
}

TEST(ZmqTransportTest, OneTransportServesSeveralPorts) {
  const auto server = makeServer();
  const auto first = server->transport().bind("127.0.0.1:0");
  const auto second = server->transport().bind("127.0.0.1:0");
  const auto client = makeClient();
  for (const int port : {*first, *second}) {
    const auto peer = client->transport().connect(at(port));
    EXPECT_TRUE(client->call(*peer, HasBlobRequest{}).get());
  }
}

TEST(ZmqTransportTest, LargeFramesPassBothWays) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(*port));
  ReadLogRequest request;
  request.name.assign(5 << 20, 'x');
  const auto answer = client->call(*peer, request).get();
  ASSERT_TRUE(answer) << answer.status().toString();
  EXPECT_EQ(answer->data, request.name);
}

TEST(ZmqTransportTest, FrameOverTheLimitIsRefusedAtTheSender) {
  const auto client = makeClient();
  const auto peer = client->transport().connect("localhost:1");
  EXPECT_EQ(client->transport().send(*peer, Bytes(kMaxFrameBytes + 1, 'x')).code(),
            ErrorCode::kLimitExceeded);
}

TEST(ZmqTransportTest, UnknownPeerIsUnavailable) {
  const auto client = makeClient();
  EXPECT_EQ(client->transport().send("nobody", "x").code(), ErrorCode::kUnavailable);
  EXPECT_EQ(client->call("nobody", HasBlobRequest{}).get().status().code(),
            ErrorCode::kUnavailable);
}

TEST(ZmqTransportTest, PortInUseNamesItsOwner) {
  const auto first = makeServer();
  const auto port = first->transport().bind("localhost:0");
  const auto second = makeServer();
  const auto taken = second->transport().bind(at(*port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.status().code(), ErrorCode::kPortInUse);
  EXPECT_THAT(taken.status().message(), HasSubstr(fmt::format("port={} owner=", *port)));
  EXPECT_THAT(taken.status().message(), HasSubstr(fmt::format("({})", getpid())));
}

TEST(ZmqTransportTest, OnlyLoopbackIsBound) {
  const auto server = makeServer();
  for (const char* endpoint : {"0.0.0.0:0", "192.0.2.1:0", "*:0", "example.com:0"}) {
    EXPECT_EQ(server->transport().bind(endpoint).status().code(), ErrorCode::kBindRefused)
        << endpoint;
  }
  for (const char* endpoint : {"", "localhost", ":5", "localhost:70000", "localhost:x"}) {
    EXPECT_EQ(server->transport().bind(endpoint).status().code(), ErrorCode::kInvalidArgument)
        << endpoint;
  }
}

TEST(ZmqTransportTest, ServerSeesAClientLeave) {
  auto server = makeServer();
  Eventually<std::string> lost;
  server->onLoop(
      [&] { server->rpc().onPeerLost([&](const auto& peer, const Status&) { lost.set(peer); }); });
  const auto port = server->transport().bind("localhost:0");
  std::string name;
  {
    const auto client = makeClient();
    const auto peer = client->transport().connect(at(*port));
    name = client->call(*peer, ListJobsRequest{}).get().status().message();
    EXPECT_THAT(name, StartsWith("client-"));
  }
  ASSERT_TRUE(lost.arrived());
  EXPECT_EQ(lost.get(), name);
  // What is sent to it from now on is refused.
  EXPECT_EQ(server->transport().send(name, "x").code(), ErrorCode::kUnavailable);
}

TEST(ZmqTransportTest, ManyClientsComeAndGo) {
  auto server = makeServer();
  std::atomic<int> numLost{0};
  Eventually<bool> allLost;
  constexpr int kClients = 30;
  server->onLoop([&] {
    server->rpc().onPeerLost([&](const auto&, const Status&) {
      if (++numLost == kClients) allLost.set(true);
    });
  });
  const auto port = server->transport().bind("localhost:0");
  for (int i = 0; i < kClients; ++i) {
    const auto client = makeClient();
    const auto peer = client->transport().connect(at(*port));
    ASSERT_TRUE(client->call(*peer, HasBlobRequest{}).get());
  }
  EXPECT_TRUE(allLost.arrived());
}

TEST(ZmqTransportTest, ClientSeesTheServerEndAndReachesTheNextOne) {
  auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto client = makeClient();
  Eventually<Status> lost;
  client->onLoop([&] {
    client->rpc().onPeerLost([&](const auto&, Status status) { lost.set(std::move(status)); });
  });
  const auto peer = client->transport().connect(at(*port));
  ASSERT_TRUE(client->call(*peer, HasBlobRequest{}).get());
  server.reset();
  ASSERT_TRUE(lost.arrived());
  auto waiting = client->call(*peer, HasBlobRequest{});
  server = makeServer();
  ASSERT_TRUE(server->transport().bind(at(*port)));
  const auto answer = waiting.get();
  EXPECT_TRUE(answer) << answer.status().toString();
}

TEST(ZmqTransportTest, CallMadeBeforeTheServerExistsIsAnsweredWhenItDoes) {
  int freePort = 0;
  {
    const auto probe = makeServer();
    freePort = *probe->transport().bind("localhost:0");
  }
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(freePort));
  auto waiting = client->call(*peer, HasBlobRequest{});
  const auto server = makeServer();
  ASSERT_TRUE(server->transport().bind(at(freePort)));
  EXPECT_TRUE(waiting.get());
}

TEST(ZmqTransportTest, NobodyListeningIsToldOnce) {
  std::atomic<int> told{0};
  Eventually<std::string> failed;
  auto transport = makeZmqTransport(ZmqTransportOptions{"client", [&](const std::string& peer) {
                                                          ++told;
                                                          failed.set(peer);
                                                        }});
  transport->setHandlers({[](const auto&, const Bytes&) {}, [](const auto&) {}});
  const auto peer = transport->connect("localhost:1");
  ASSERT_TRUE(failed.arrived());
  EXPECT_EQ(failed.get(), *peer);
  transport->stop();
  EXPECT_EQ(told, 1);
}

TEST(ZmqTransportTest, DisconnectedPeerIsForgotten) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(*port));
  ASSERT_TRUE(client->call(*peer, HasBlobRequest{}).get());
  client->transport().disconnect(*peer);
  EXPECT_EQ(client->transport().send(*peer, "x").code(), ErrorCode::kUnavailable);
}

TEST(ZmqTransportTest, CallsFromManyThreadsAllComeBack) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(*port));
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        if (client->call(*peer, HasBlobRequest{}).get()) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 800);
}

OwnedFd connectAsStranger(int port) {
  OwnedFd stranger(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(connect(stranger.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return stranger;
}

/// The end of a connection that never spoke may be read when its descriptor has its next owner, the
/// later the more there is to read.
TEST(ZmqTransportTest, ClientAfterAShortVisitIsAnswered) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto talker = makeClient();
  const auto talkerPeer = talker->transport().connect(at(*port));
  for (int round = 0; round < 10; ++round) {
    std::vector<std::future<Result<HasBlobRequest::Response>>> answers;
    for (int i = 0; i < 1000; ++i) answers.push_back(talker->call(*talkerPeer, HasBlobRequest{}));
    for (int visit = 0; visit < 16; ++visit) connectAsStranger(*port);
    const auto client = makeClient();
    const auto peer = client->transport().connect(at(*port));
    ASSERT_TRUE(client->call(*peer, HasBlobRequest{}).get()) << round;
    for (auto& answer : answers) ASSERT_TRUE(answer.get());
  }
}

/// Bytes that are no ZeroMQ at all, and frames over its limit, must not disturb the others.
TEST(ZmqTransportTest, StrangersDoNoHarm) {
  const auto server = makeServer();
  const auto port = server->transport().bind("localhost:0");
  const auto rng = makeSeededRng(3);
  for (int i = 0; i < 40; ++i) {
    const OwnedFd stranger = connectAsStranger(*port);
    // A valid greeting, then noise: a long-frame head that announces 2^60 bytes among it.
    std::string bytes = std::string("\xff\0\0\0\0\0\0\0\1\x7f", 10) + std::string("\3\0NULL", 6) +
                        std::string(48, '\0');
    if (i % 3 == 0) bytes = "GET / HTTP/1.1\r\n\r\n";
    if (i % 3 == 1) bytes += std::string("\2\x10\0\0\0\0\0\0\0", 9);
    std::string noise(64, '\0');
    std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(rng->next()); });
    bytes += noise;
    ASSERT_GT(send(stranger.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
  }
  const auto client = makeClient();
  const auto peer = client->transport().connect(at(*port));
  EXPECT_TRUE(client->call(*peer, HasBlobRequest{}).get());
}

}  // namespace
}  // namespace flink::control
