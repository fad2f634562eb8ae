#include "cluster/control/blob_transfer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cluster/control/client.h"
#include "core/base/error_codes.h"
#include "core/fs/local_file_system.h"
#include "node.h"
#include "tests/support/in_memory_transport.h"
#include "tests/support/manual_event_loop.h"

namespace flink::control {
namespace {

using test::Eventually;
using test::kPatience;
using test::Node;
using ::testing::HasSubstr;

class BlobStoreTest : public ::testing::Test {
 protected:
  BlobStoreTest()
      : directory_(::testing::TempDir() + fmt::format("blobs-{}-{}", getpid(), ++number_)) {}
  ~BlobStoreTest() override { std::filesystem::remove_all(directory_); }

  static BlobDigest digestOf(const std::string& content) {
    Sha256 sha;
    sha.update(asBytes(content));
    return sha.finish();
  }
  [[nodiscard]] std::size_t numFiles() const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_))
      n += entry.is_regular_file() ? 1 : 0;
    return n;
  }

  static inline int number_ = 0;
  const std::string directory_;
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  testing::ManualClock clock_;
  BlobStore store_{*files_, clock_, directory_ + "/store"};
};

TEST(Sha256Test, MatchesTheKnownDigest) {
  Sha256 sha;
  sha.update(asBytes("abc"));
  EXPECT_EQ(sha.finish().toHex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha.finish().toHex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(BlobStoreTest, BlobIsThereWhenItsLastPieceCame) {
  const std::string content = "hello, blob";
  const BlobDigest digest = digestOf(content);
  const auto size = static_cast<std::int64_t>(content.size());
  EXPECT_FALSE(*store_.put(digest, 0, size, content.substr(0, 5)));
  EXPECT_FALSE(store_.contains(digest));
  EXPECT_EQ(store_.read(digest, 0, 10).status().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(*store_.put(digest, 0, size, content.substr(0, 7))) << "overlap is skipped";
  EXPECT_TRUE(*store_.put(digest, 7, size, content.substr(7)));
  EXPECT_TRUE(store_.contains(digest));
  EXPECT_EQ(*store_.read(digest, 0, 100), content);
  EXPECT_EQ(*store_.read(digest, 7, 2), "bl");
  EXPECT_EQ(numFiles(), 1U);
  EXPECT_TRUE(*store_.put(digest, 3, size, "anything")) << "a complete blob stays";
  EXPECT_TRUE(store_.remove(digest));
  EXPECT_EQ(numFiles(), 0U);
}

TEST_F(BlobStoreTest, ContentWithAnotherDigestIsDropped) {
  const auto put = store_.put(digestOf("expected"), 0, 5, "other");
  EXPECT_EQ(put.status().code(), ErrorCode::kCorruptData);
  EXPECT_EQ(numFiles(), 0U);
}

TEST_F(BlobStoreTest, ImpossiblePiecesAreRefused) {
  const BlobDigest digest = digestOf("x");
  EXPECT_EQ(store_.put(digest, 5, 10, "gap").status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.put(digest, -1, 10, "x").status().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.put(digest, 0, 2, "longer").status().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(store_.put(digest, 0, kMaxBlobBytes + 1, "x").status().code(),
            ErrorCode::kLimitExceeded);
  EXPECT_EQ(store_.put(digest, INT64_MAX, INT64_MIN, "x").status().code(),
            ErrorCode::kInvalidArgument);
}

TEST_F(BlobStoreTest, AbandonedUploadsMakeRoom) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(store_.put(digestOf(std::to_string(i)), 0, 100, "part"));
  EXPECT_LE(numFiles(), 16U);
}

TEST_F(BlobStoreTest, EmptyBlobIsABlob) {
  EXPECT_TRUE(*store_.put(digestOf(""), 0, 0, ""));
  EXPECT_EQ(*store_.sizeOf(digestOf("")), 0);
}

TEST_F(BlobStoreTest, UnusedBlobsLeaveAfterATime) {
  using std::chrono::seconds;
  const auto after = [&](int s) { clock_.moveTo(clock_.now() + seconds(s)); };
  const BlobDigest inUse = digestOf("1"), asked = digestOf("2"), read = digestOf("3"),
                   forgotten = digestOf("4");
  for (const char* content : {"1", "2", "3", "4"})
    ASSERT_TRUE(*store_.put(digestOf(content), 0, 1, content));
  EXPECT_EQ(store_.removeUnused({}, seconds(10)), 0);
  after(9);
  EXPECT_TRUE(store_.contains(asked));
  EXPECT_TRUE(store_.read(read, 0, 1).isOk());
  after(1);
  EXPECT_EQ(store_.removeUnused({inUse}, seconds(10)), 1);
  EXPECT_EQ(numFiles(), 3U);
  EXPECT_FALSE(store_.contains(forgotten));
  after(9);
  EXPECT_EQ(store_.removeUnused({inUse}, seconds(10)), 2);
  EXPECT_TRUE(store_.contains(inUse));
  ASSERT_TRUE(*store_.put(forgotten, 0, 1, "4")) << "it may come again";
}

TEST_F(BlobStoreTest, FilesAreCopiedAndAdoptedByContent) {
  const std::string path = directory_ + "/file";
  std::filesystem::create_directories(directory_);
  const std::string content(3 * kBlobChunkBytes + 17, 'z');
  std::ofstream(path) << content;
  for (int i = 0; i < 2; ++i) {
    const auto copy = store_.copyOf(path);
    ASSERT_TRUE(copy) << copy.status().toString();
    EXPECT_EQ((*copy)->digest(), digestOf(content));
    EXPECT_EQ(store_.contains(digestOf(content)), i == 1);
    ASSERT_TRUE(store_.adopt(**copy));
    EXPECT_EQ(*store_.sizeOf(digestOf(content)), static_cast<std::int64_t>(content.size()));
  }
  EXPECT_TRUE(store_.copyOf(path)) << "not adopted";
  EXPECT_EQ(store_.copyOf(directory_ + "/missing").status().code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(files_->list(directory_ + "/store")->size(), 1U) << "copies do not stay";
}

/// A blob server, and a node that fetches from it.
class BlobTransferTest : public BlobStoreTest {
 protected:
  BlobTransferTest() {
    server_.rpc().serve<protocol::GetVersionRequest>(
        [this](const auto&, const auto&, const auto& respond) {
          protocol::GetVersionRequest::Response version;
          version.blobPort = port_;
          respond(std::move(version));
        });
    server_.rpc().start();
    client_.rpc().start();
    port_ = *server_.transport().bind("localhost:0");
  }
  Result<std::string> fetch(const BlobDigest& digest) {
    Eventually<Result<std::string>> fetched;
    client_.loop().post([&] {
      cache_.fetch(digest, fmt::format("localhost:{}", port_),
                   [&](Result<std::string> path) { fetched.set(std::move(path)); });
    });
    if (!fetched.arrived()) return Status(ErrorCode::kInternal, "fetch never ended");
    return fetched.get();
  }

  std::atomic<int> port_{0};
  Node server_{makeZmqTransport("server")};
  BlobServer blobServer_{server_.rpc(), store_};
  BlobStore local_{*files_, clock_, directory_ + "/local"};
  Node client_{makeZmqTransport("client")};
  BlobCache cache_{client_.rpc(), client_.transport(), local_};
};

TEST_F(BlobTransferTest, FileTravelsFromClientToServerToCache) {
  const std::string path = directory_ + "/job.so";
  std::filesystem::create_directories(directory_);
  const std::string content(2 * kBlobChunkBytes + 1, 'j');
  std::ofstream(path) << content;
  const auto client = ClusterClient::connect(fmt::format("localhost:{}", port_));
  std::uint64_t sent = 0;
  const auto digest = (*client)->uploadFile(path, [&](std::uint64_t bytes, std::uint64_t total) {
    sent = bytes;
    EXPECT_EQ(total, content.size());
  });
  ASSERT_TRUE(digest) << digest.status().toString();
  EXPECT_EQ(sent, content.size());
  sent = 0;
  EXPECT_EQ(*(*client)->uploadFile(path, [&](std::uint64_t bytes, std::uint64_t) { sent = bytes; }),
            *digest);
  EXPECT_EQ(sent, 0U) << "what the cluster has is not sent again";

  const auto fetched = fetch(*digest);
  ASSERT_TRUE(fetched) << fetched.status().toString();
  std::ifstream file(*fetched);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content);
  EXPECT_EQ(*fetch(*digest), *fetched);
}

TEST_F(BlobTransferTest, FetchOfAnUnknownBlobFails) {
  EXPECT_EQ(fetch(digestOf("nowhere")).status().code(), ErrorCode::kNotFound);
  EXPECT_EQ(fetch(digestOf("nowhere")).status().code(), ErrorCode::kNotFound);
}

TEST_F(BlobStoreTest, DisconnectedCacheFailsItsFetchesAndBeginsAnew) {
  testing::ManualEventLoop loop(clock_);
  testing::InMemoryNetwork network(loop);
  const auto oldTransport = network.makeTransport("old"),
             newTransport = network.makeTransport("new"),
             ownTransport = network.makeTransport("own");
  RpcEndpoint oldServer({.sender = "old"}, loop, clock_, *oldTransport);
  RpcEndpoint newServer({.sender = "new"}, loop, clock_, *newTransport);
  RpcEndpoint own({.sender = "own"}, loop, clock_, *ownTransport);
  const BlobServer blobs(newServer, store_);
  bool left = false;
  oldServer.onPeerLost([&](const auto&, const Status&) { left = true; });
  BlobStore local(*files_, clock_, directory_ + "/local");
  BlobCache cache(own, *ownTransport, local);
  for (RpcEndpoint* endpoint : {&oldServer, &newServer, &own}) endpoint->start();
  ASSERT_TRUE(oldTransport->bind("old:1"));
  ASSERT_TRUE(newTransport->bind("new:1"));
  const std::string content = "a library";
  const BlobDigest digest = digestOf(content);
  ASSERT_TRUE(store_.put(digest, 0, static_cast<std::int64_t>(content.size()), content));

  std::vector<Status> results;
  const auto fetch = [&](const std::string& server) {
    cache.fetch(digest, server, [&](auto path) { results.push_back(path.status()); });
    loop.run();
  };
  network.stall("old");  // has the request and does not answer
  fetch("old:1");
  EXPECT_TRUE(results.empty());
  cache.disconnect({ErrorCode::kUnavailable, "the JobManager is lost"});
  loop.run();
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(left) << "the connection is closed";
  network.stall("new");
  fetch("new:1");
  loop.advance(std::chrono::seconds(5));
  network.resume("new");
  loop.advance(std::chrono::seconds(30));  // the first request's time is over, too
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(results[1].isOk()) << results[1].toString();
}

TEST_F(BlobTransferTest, MissingFileIsNamed) {
  const auto client = ClusterClient::connect(fmt::format("localhost:{}", port_));
  const auto uploaded = (*client)->uploadFile("/no/such/file.so", nullptr);
  EXPECT_EQ(uploaded.status().code(), ErrorCode::kFileNotFound);
  EXPECT_THAT(uploaded.status().message(), HasSubstr("/no/such/file.so"));
}

}  // namespace
}  // namespace flink::control
