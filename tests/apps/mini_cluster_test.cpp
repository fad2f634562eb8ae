#include "apps/mini_cluster.h"

#include <dirent.h>

#include <chrono>
#include <limits>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <flink/datastream.h>

#include "api/program/job_library.h"
#include "tests/connectors/temporary_directory.h"

namespace {

using WordWithCount = std::pair<std::string, std::int64_t>;

/// What the program "word count" collected at its client.
std::vector<WordWithCount> collected;

}  // namespace

FLINK_JOB("word count", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.setRuntimeMode(flink::RuntimeExecutionMode::kBatch);
  collected = env.fromElements(std::string("a b a"), std::string("c b a"))
                  .rebalance()
                  .flatMap([](const std::string& line, flink::Collector<WordWithCount>& out) {
                    flink::forEachWord(line, [&out](std::string_view word) {
                      out.collect({std::string(word), 1});
                    });
                  })
                  .keyBy([](const WordWithCount& record) { return record.first; })
                  .sum<1>()
                  .executeAndCollect("count");
});

FLINK_JOB("endless", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(0, std::numeric_limits<std::int64_t>::max() - 1)
      .keyBy([](std::int64_t n) { return n % 100; })
      .sum()
      .filter([](std::int64_t) { return false; })
      .print();
});

FLINK_JOB("failing", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 1000)
      .map([](std::int64_t n) {
        if (n == 777) throw std::runtime_error("poison");
        return n;
      })
      .name("Poisoned map")
      .print();
});

FLINK_JOB("two jobs", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  const std::vector<std::int64_t> first = env.fromSequence(1, 10).executeAndCollect("first");
  env.fromCollection(first).filter([](std::int64_t n) { return n > 10; }).print();
  env.execute("second");
});

namespace flink::apps {
namespace {

using protocol::JobStatus;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

int countThreads() {
  DIR* directory = ::opendir("/proc/self/task");
  int count = 0;
  while (const dirent* entry = ::readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(directory);
  return count;
}

class MiniClusterTest : public testing::Test {
 protected:
  void start() { ASSERT_EQ(cluster_.start().toString(), "OK"); }

  static MiniCluster::Options options(const std::string& directory) {
    MiniCluster::Options options;
    options.numTaskManagers = 2;
    options.configuration = {{"parallelism.default", "2"}, {"io.tmp.dirs", directory}};
    return options;
  }

  Status run(const std::string& name) {
    const auto job = program::findJob(program::linkedJobs(), name, "the test");
    return job ? cluster_.run(*job, {}).status : job.status();
  }

  /// Starts a job that has no end of its own; its tasks run when this returns.
  JobId startEndless() {
    const auto job = program::findJob(program::linkedJobs(), "endless", "the test");
    EXPECT_EQ(cluster_.run(*job, {}, /*detached=*/true).status.toString(), "OK");
    const JobId id = jobs().front().id;
    while (!allTasksRun(id)) std::this_thread::yield();
    return id;
  }

  bool allTasksRun(const JobId& id) {
    const auto details = cluster_.call(protocol::GetJobRequest{id});
    for (const auto& vertex : details->vertices) {
      for (const auto& subtask : vertex.subtasks) {
        if (subtask.state != protocol::ExecutionState::kRunning) return false;
      }
    }
    return details->overview.status == JobStatus::kRunning;
  }

  std::vector<protocol::JobOverview> jobs() {
    return cluster_.call(protocol::ListJobsRequest{})->jobs;
  }

  connectors::TemporaryDirectory directory_;
  MiniCluster cluster_{options(directory_.path())};
};

TEST_F(MiniClusterTest, JobRunsOnBothTaskManagers) {
  start();
  ASSERT_EQ(run("word count").toString(), "OK");
  EXPECT_THAT(collected, UnorderedElementsAre(WordWithCount("a", 3), WordWithCount("b", 2),
                                              WordWithCount("c", 1)));
  ASSERT_EQ(jobs().size(), 1U);
  EXPECT_EQ(jobs()[0].status, JobStatus::kFinished);
  const auto details = cluster_.call(protocol::GetJobRequest{jobs()[0].id});
  std::set<std::string> taskManagers;
  for (const auto& vertex : details->vertices) {
    for (const auto& subtask : vertex.subtasks) taskManagers.insert(subtask.taskManager.text());
  }
  EXPECT_EQ(taskManagers.size(), 2U);
}

TEST_F(MiniClusterTest, RunningJobIsCancelled) {
  start();
  const JobId id = startEndless();
  ASSERT_TRUE(cluster_.call(protocol::CancelJobRequest{id}).isOk());
  const auto answer = cluster_.call(protocol::WaitJobRequest{id, 60'000});
  ASSERT_TRUE(answer.isOk());
  EXPECT_EQ(answer->status, JobStatus::kCanceled);
}

TEST_F(MiniClusterTest, FailingJobNamesItsOperatorAndLeavesTheClusterUsable) {
  start();
  const Status status = run("failing");
  ASSERT_FALSE(status.isOk());
  EXPECT_THAT(status.toString(), HasSubstr("Poisoned map"));
  EXPECT_THAT(status.toString(), HasSubstr("poison"));
  EXPECT_EQ(jobs()[0].status, JobStatus::kFailed);
  EXPECT_EQ(run("word count").toString(), "OK");
}

TEST_F(MiniClusterTest, JobsOfOneProgramRunOneAfterTheOther) {
  start();
  ASSERT_EQ(run("two jobs").toString(), "OK");
  ASSERT_EQ(jobs().size(), 2U);
  for (const auto& job : jobs()) EXPECT_EQ(job.status, JobStatus::kFinished);
}

/// A joined thread stays in /proc until the system has cleaned up behind it.
bool threadsFallTo(int count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (countThreads() != count && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  return countThreads() == count;
}

TEST_F(MiniClusterTest, StopLeavesNeitherThreadsNorFiles) {
  std::thread([] {}).join();  // the sanitizers start a thread of their own beside the first one
  const int before = countThreads();
  {
    MiniCluster first(options(directory_.path()));
    ASSERT_EQ(first.start().toString(), "OK");
  }
  EXPECT_TRUE(threadsFallTo(before)) << countThreads();
  start();
  ASSERT_EQ(run("word count").toString(), "OK");
  startEndless();
  EXPECT_GT(countThreads(), before);
  cluster_.stop();
  EXPECT_TRUE(threadsFallTo(before)) << countThreads();
  EXPECT_THAT(*directory_.files().list(directory_.path()), testing::IsEmpty());
}

TEST_F(MiniClusterTest, TwoClustersShareOneProcess) {
  start();
  startEndless();
  MiniCluster other(options(directory_.path()));
  ASSERT_EQ(other.start().toString(), "OK");
  const auto job = program::findJob(program::linkedJobs(), "word count", "the test");
  EXPECT_EQ(other.run(*job, {}).status.toString(), "OK");
  other.stop();
  EXPECT_EQ(jobs()[0].status, JobStatus::kRunning);
}

}  // namespace
}  // namespace flink::apps
