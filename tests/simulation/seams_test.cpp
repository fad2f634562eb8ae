#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/execution.h"
#include "tests/simulation/files.h"
#include "tests/simulation/messages.h"
#include "tests/simulation/streams.h"

namespace flink::simulation {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

ProcessRef processOn(int host) {
  return std::make_shared<Process>(Process{"test" + std::to_string(host), host, true});
}

class SimulatedSeamsTest : public ::testing::Test {
 protected:
  void runFor(Duration time) {
    bool over = false;
    kernel_.schedule(outside_, time, [&] { over = true; });
    ASSERT_TRUE(kernel_.run([&] { return over; }, time * 2));
  }

  Kernel kernel_{7};
  std::shared_ptr<Lane> outside_ = kernel_.makeLane(processOn(-1));
};

std::pair<std::vector<int>, std::uint64_t> orderUnder(std::uint64_t seed) {
  Kernel kernel(seed);
  std::vector<int> order;
  std::vector<std::shared_ptr<Lane>> lanes;
  for (int i = 0; i < 20; ++i) {
    lanes.push_back(kernel.makeLane(processOn(i)));
    lanes.back()->post([&order, i] { order.push_back(i); });
  }
  EXPECT_TRUE(kernel.run([&] { return order.size() == 20; }, milliseconds(100)));
  return {order, kernel.traceHash()};
}

TEST(KernelTest, SeedDecidesTheOrderOfLanes) {
  const auto first = orderUnder(1);
  EXPECT_EQ(orderUnder(1), first);
  EXPECT_NE(orderUnder(2).first, first.first);
  EXPECT_NE(orderUnder(2).second, first.second);
}

TEST_F(SimulatedSeamsTest, TimersComeWhenTheyAreDueAndNotWhenCancelled) {
  std::vector<int> order;
  kernel_.schedule(outside_, milliseconds(20), [&] { order.push_back(20); });
  kernel_.schedule(outside_, milliseconds(10), [&] { order.push_back(10); });
  kernel_.cancel(kernel_.schedule(outside_, milliseconds(15), [&] { order.push_back(15); }));
  const MonotonicTime start = kernel_.now();
  runFor(milliseconds(30));
  EXPECT_THAT(order, ElementsAre(10, 20));
  EXPECT_GE(kernel_.now() - start, milliseconds(30));
}

TEST_F(SimulatedSeamsTest, WhoParksLetsOthersGoOn) {
  std::vector<int> order;
  bool open = false;
  outside_->post([&] {
    kernel_.park([&] { return open; });
    order.push_back(2);
  });
  const auto other = kernel_.makeLane(processOn(1));
  other->postAfter(milliseconds(1), [&] {
    order.push_back(1);
    open = true;
  });
  ASSERT_TRUE(kernel_.run([&] { return order.size() == 2; }, milliseconds(100)));
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(SimulatedSeamsTest, PowerFailureTakesWhatWasNotSynced) {
  SharedDisk disk(kernel_);
  const auto files = disk.view(processOn(1));
  const auto write = [&](const std::string& path, const std::string& content) {
    auto file = files->openWrite(path);
    EXPECT_TRUE((*file)->append(asBytes(content)).isOk());
    return std::move(*file);
  };
  EXPECT_TRUE(write("/d/synced", "safe")->sync().isOk());
  ASSERT_TRUE(files->syncDirectory("/d").isOk());
  write("/d/unsynced", std::string(1000, 'x'));
  write("/e/elsewhere", "");
  disk.powerFailure(1);
  EXPECT_EQ(files->status("/d/synced")->size, 4U);
  const auto torn = files->status("/d/unsynced");
  EXPECT_TRUE(!torn || torn->size <= 1000U);
  // Another host's failure takes nothing of this one.
  write("/d/mine", "kept");
  disk.powerFailure(2);
  EXPECT_EQ(files->status("/d/mine")->size, 4U);
}

TEST_F(SimulatedSeamsTest, RenamesOfUnsyncedDirectoriesMayBeUndone) {
  bool kept = false, undone = false;
  for (int i = 0; i < 50; ++i) {
    SharedDisk disk(kernel_);
    const auto files = disk.view(processOn(1));
    EXPECT_TRUE((*files->openWrite("/d/a"))->sync().isOk());
    EXPECT_TRUE(files->syncDirectory("/d").isOk());
    EXPECT_TRUE(files->rename("/d/a", "/d/b").isOk());
    disk.powerFailure(1);
    kept = kept || disk.paths().contains("/d/b");
    undone = undone || disk.paths().contains("/d/a");
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(undone);
}

TEST_F(SimulatedSeamsTest, DeadProcessesAndFullDisksWriteNothing) {
  SharedDisk disk(kernel_);
  const auto process = processOn(1);
  const auto files = disk.view(process);
  auto opened = files->openWrite("/a");
  const auto open = std::move(*opened);
  disk.setFull(true);
  EXPECT_FALSE(open->append(asBytes("x")).isOk());
  disk.setFull(false);
  EXPECT_TRUE(open->append(asBytes("x")).isOk());
  process->alive = false;
  EXPECT_FALSE(open->append(asBytes("y")).isOk());
  EXPECT_FALSE(files->openRead("/a").isOk());
  EXPECT_EQ(disk.view(processOn(2))->status("/a")->size, 1U);
}

TEST_F(SimulatedSeamsTest, FramesArriveInOrderUntilTheNetworkIsCut) {
  MessageNetwork network(kernel_, {});
  const auto server = network.makeTransport(processOn(0), "server");
  const auto client = network.makeTransport(processOn(1), "client");
  std::vector<std::string> got, answers;
  server->setHandlers({[&](const auto& peer, Bytes frame) {
                         got.push_back(frame);
                         EXPECT_TRUE(server->send(peer, "re: " + frame).isOk());
                       },
                       {}});
  client->setHandlers({[&](const auto&, Bytes frame) { answers.push_back(frame); }, {}});
  // Sent before anybody is there: it waits.
  EXPECT_TRUE(client->send("host:1", "a").isOk());
  ASSERT_TRUE(server->bind("host:1").isOk());
  EXPECT_TRUE(client->send("host:1", "b").isOk());
  runFor(milliseconds(20));
  EXPECT_THAT(got, ElementsAre("a", "b"));
  EXPECT_THAT(answers, ElementsAre("re: a", "re: b"));
  network.partition(0, 1);
  EXPECT_TRUE(client->send("host:1", "c").isOk());
  runFor(milliseconds(20));
  EXPECT_THAT(got, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace flink::simulation
