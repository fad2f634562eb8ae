#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <thread>

#include "core/base/error_codes.h"
#include "tests/dataflow/network/test_tasks.h"
#include "tests/dataflow/network/test_worker.h"

namespace flink::network {
namespace {

enum class Disturbance : std::uint8_t { kNone, kConsumerLeaves, kProducerReleases, kWorkerStops };

/// An all-to-all exchange between random tasks on a few workers; everything follows from the seed.
class Exchange {
 public:
  explicit Exchange(std::uint64_t seed) : rng_(makeSeededRng(seed)) {
    disturbance_ = static_cast<Disturbance>(rng_->below(4));
    const std::uint64_t numWorkers = 1 + rng_->below(3);
    NetworkSettings settings;
    settings.segmentBytes = 4096 << rng_->below(4);
    settings.networkBytes =
        settings.segmentBytes * (200 + static_cast<std::int64_t>(rng_->below(800)));
    settings.buffersPerChannel = static_cast<std::int32_t>(rng_->below(3));
    settings.floatingBuffersPerGate = static_cast<std::int32_t>(1 + rng_->below(8));
    settings.maxBuffersPerChannel = static_cast<std::int32_t>(1 + rng_->below(10));
    settings.maxOverdraftBuffersPerGate = static_cast<std::int32_t>(rng_->below(6));
    for (std::uint64_t w = 0; w < numWorkers; ++w) {
      workers_.push_back(
          std::make_unique<TestWorker>(settings, static_cast<int>(1 + rng_->below(2))));
    }
    numProducers_ = 1 + rng_->below(6);
    numConsumers_ = 1 + rng_->below(6);
    compressed_ = rng_->below(4) == 0;
    makeProducers(settings);
    makeConsumers();
  }

  void run() {
    for (std::size_t p = 0; p < producers_.size(); ++p) producers_[p].start(workerOf(p).executor());
    for (std::size_t c = 0; c < consumers_.size(); ++c) consumers_[c].start(workerOf(c).executor());
    disturb();
    for (TestProducer& producer : producers_) producer.join();
    for (TestConsumer& consumer : consumers_) consumer.join();
  }

  void check() const {
    for (const TestConsumer& consumer : consumers_) {
      EXPECT_EQ(consumer.problem(), "");
      if (disturbance_ != Disturbance::kNone) continue;
      EXPECT_TRUE(consumer.failure().isOk()) << consumer.failure().toString();
      EXPECT_EQ(consumer.records(), recordsPerChannel_ * numProducers_);
    }
  }

 private:
  [[nodiscard]] TestWorker& workerOf(std::size_t task) { return *workers_[task % workers_.size()]; }
  [[nodiscard]] bool sameWorker(std::size_t a, std::size_t b) const {
    return a % workers_.size() == b % workers_.size();
  }

  void makeProducers(const NetworkSettings& settings) {
    ProducerPlan plan;
    recordsPerChannel_ = 200 + rng_->below(1500);
    plan.recordsPerChannel = recordsPerChannel_;
    plan.maxBytes = 20 + rng_->below(rng_->below(2) == 0 ? 200 : 3000);
    plan.largeEvery = rng_->below(2) == 0 ? 0 : 300;
    plan.largeBytes = static_cast<std::size_t>(settings.segmentBytes) * (1 + rng_->below(3));
    plan.checkpointEvery =
        rng_->below(4) == 0 ? 0 : static_cast<std::uint32_t>(1 + rng_->below(500));
    plan.flushEvery = rng_->below(2) == 0 ? 0 : static_cast<std::uint32_t>(1 + rng_->below(100));
    for (std::size_t p = 0; p < numProducers_; ++p) {
      PartitionSpec spec;
      spec.id = partitionId(static_cast<int>(p));
      spec.owner = fmt::format("producer {}", p);
      spec.compressed = compressed_;
      for (std::size_t c = 0; c < numConsumers_; ++c)
        spec.localConsumers.push_back(sameWorker(p, c));
      auto partition = workerOf(p).network().createPartition(spec, nullptr);
      ASSERT_TRUE(partition.isOk()) << partition.status().toString();
      plan.seed = rng_->next();
      plan.greedy = rng_->below(4) == 0;
      producers_.emplace_back(std::move(partition).value(), plan);
    }
  }

  void makeConsumers() {
    for (std::size_t c = 0; c < numConsumers_; ++c) {
      GateSpec spec;
      spec.owner = fmt::format("consumer {}", c);
      for (std::size_t p = 0; p < numProducers_; ++p) {
        ChannelSpec channel;
        channel.partition = partitionId(static_cast<int>(p));
        channel.subpartition = static_cast<int>(c);
        channel.local = sameWorker(p, c);
        channel.host = "127.0.0.1";
        channel.dataPort = workerOf(p).port();
        spec.channels.push_back(channel);
      }
      auto gate = workerOf(c).network().createGate(spec, nullptr);
      ASSERT_TRUE(gate.isOk()) << gate.status().toString();
      TestConsumer& consumer =
          consumers_.emplace_back(std::move(gate).value(), rng_->below(2) == 0);
      if (rng_->below(2) == 0) consumer.blockAtRandom(rng_->next());
      if (disturbance_ == Disturbance::kConsumerLeaves && c == 0)
        consumer.closeAfter(rng_->below(500));
    }
  }

  void disturb() {
    if (disturbance_ != Disturbance::kProducerReleases && disturbance_ != Disturbance::kWorkerStops)
      return;
    const std::uint64_t when = rng_->below(recordsPerChannel_);
    while (consumers_[0].records() < when && !consumers_[0].ended()) std::this_thread::yield();
    if (disturbance_ == Disturbance::kProducerReleases) {
      producers_[0].partition().release(Status(ErrorCode::kCancelled, "disturbance"));
    } else {
      workers_[rng_->below(workers_.size())]->stop();
      // A consumer that never came cannot say that it will not come: that is the JobManager's to
      // tell, here the test's.
      for (TestProducer& producer : producers_)
        producer.partition().release(Status(ErrorCode::kCancelled, "a worker stopped"));
    }
  }

  std::unique_ptr<Rng> rng_;
  Disturbance disturbance_ = Disturbance::kNone;
  std::vector<std::unique_ptr<TestWorker>> workers_;
  std::size_t numProducers_ = 0;
  std::size_t numConsumers_ = 0;
  bool compressed_ = false;
  std::uint64_t recordsPerChannel_ = 0;
  std::deque<TestProducer> producers_;
  std::deque<TestConsumer> consumers_;
};

/// FLINK_TEST_SEED=n runs that seed alone; FLINK_TEST_ROUNDS more than the usual few.
std::uint64_t fromEnvironment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

TEST(StressTest, RandomExchangesDeliverEverythingInOrderOrFailCleanly) {
  const std::uint64_t only = fromEnvironment("FLINK_TEST_SEED", 0);
  const std::uint64_t rounds = fromEnvironment("FLINK_TEST_ROUNDS", 60);
  for (std::uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? rounds : only); ++seed) {
    SCOPED_TRACE(fmt::format("FLINK_TEST_SEED={}", seed));
    fmt::print("seed {}\n", seed);
    std::fflush(stdout);
    Exchange exchange(seed);
    if (HasFatalFailure()) return;
    exchange.run();
    exchange.check();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace flink::network
