#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/metrics/registry.h"
#include "tests/dataflow/network/test_tasks.h"
#include "tests/dataflow/network/test_worker.h"

namespace flink::network {
namespace {

/// One task that consumes its own partition, here or over a connection.
class NetworkMetricsTest : public testing::Test {
 protected:
  void connect(bool local) {
    PartitionSpec partition;
    partition.id = partitionId(1);
    partition.owner = "task";
    partition.localConsumers = {local};
    auto made = worker_.network().createPartition(partition, group_);
    ASSERT_TRUE(made.isOk()) << made.status().toString();
    partition_ = std::move(*made);
    GateSpec gate;
    gate.owner = "task";
    gate.channels.push_back({partition.id, 0, local, "localhost", worker_.port()});
    auto opened = worker_.network().createGate(gate, group_);
    ASSERT_TRUE(opened.isOk()) << opened.status().toString();
    reader_ = std::make_unique<GateReader>(std::move(*opened));
  }
  /// The record is consumed when this returns.
  void send(const std::string& record) {
    writeRecord(*partition_, 0, record);
    partition_->flush();
    ASSERT_NE(reader_->next(), nullptr) << reader_->failure().toString();
  }
  std::map<std::string, metrics::MetricSample> samples() {
    std::map<std::string, metrics::MetricSample> byName;
    for (auto& sample : registry_.collect()) byName[sample.name] = sample;
    return byName;
  }
  std::int64_t counter(const std::string& name) {
    return std::get<std::int64_t>(samples().at("Shuffle.Netty.Input." + name).value);
  }

  SystemClock clock_;
  metrics::MetricRegistry registry_{clock_};
  std::shared_ptr<metrics::MetricGroup> group_ =
      registry_.root("taskmanager", {{"task_name", "task"}});
  TestWorker worker_;
  std::unique_ptr<ResultPartition> partition_;
  std::unique_ptr<GateReader> reader_;
};

TEST_F(NetworkMetricsTest, TasksHaveFlinksNames) {
  connect(true);
  std::vector<std::string> names;
  for (const auto& [name, sample] : samples()) names.push_back(name);
  const std::string netty = "Shuffle.Netty.";
  std::vector<std::string> expected;
  for (const char* name :
       {"Input.Buffers.inPoolUsage", "Input.Buffers.inputExclusiveBuffersUsage",
        "Input.Buffers.inputFloatingBuffersUsage", "Input.Buffers.inputQueueLength",
        "Input.Buffers.inputQueueSize", "Input.numBuffersInLocal",
        "Input.numBuffersInLocalPerSecond", "Input.numBuffersInRemote",
        "Input.numBuffersInRemotePerSecond", "Input.numBytesInLocal",
        "Input.numBytesInLocalPerSecond", "Input.numBytesInRemote",
        "Input.numBytesInRemotePerSecond", "Output.Buffers.outPoolUsage",
        "Output.Buffers.outputQueueLength", "Output.Buffers.outputQueueSize"})
    expected.push_back(netty + name);
  // And the older names of what a task receives.
  for (const char* name :
       {"numBuffersInLocal", "numBuffersInRemote", "numBytesInLocal", "numBytesInRemote"}) {
    expected.emplace_back(name);
    expected.push_back(std::string(name) + "PerSecond");
  }
  EXPECT_THAT(names, testing::ElementsAreArray(expected));
}

TEST_F(NetworkMetricsTest, BuffersFromThisWorkerCountAsLocal) {
  connect(true);
  send("record");
  EXPECT_EQ(counter("numBuffersInLocal"), 1);
  EXPECT_GT(counter("numBytesInLocal"), 0);
  EXPECT_EQ(counter("numBuffersInRemote"), 0);
  EXPECT_EQ(counter("numBytesInRemote"), 0);
}

TEST_F(NetworkMetricsTest, BuffersFromAConnectionCountAsRemote) {
  connect(false);
  send("record");
  EXPECT_EQ(counter("numBuffersInRemote"), 1);
  EXPECT_GT(counter("numBytesInRemote"), 0);
  EXPECT_EQ(counter("numBuffersInLocal"), 0);
}

TEST_F(NetworkMetricsTest, WhatTasksRequestShowsInTheUsage) {
  EXPECT_EQ(worker_.network().requestedUsagePercent(), 0);
  NetworkSettings small;
  small.networkBytes = 20LL * small.segmentBytes;
  TestWorker worker(small);
  PartitionSpec partition;
  partition.id = partitionId(1);
  partition.owner = "task";
  partition.localConsumers = {true};
  const auto made = worker.network().createPartition(partition, nullptr);
  ASSERT_TRUE(made.isOk()) << made.status().toString();
  EXPECT_GT(worker.network().requestedUsagePercent(), 0);
}

}  // namespace
}  // namespace flink::network
