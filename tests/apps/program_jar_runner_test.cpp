#include "apps/program_jar_runner.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/base/blocking_pool.h"
#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "core/fs/local_file_system.h"
#include "tests/cluster/rest/fake_gateway.h"

namespace flink::apps {
namespace {

using protocol::JobGraph;
using ::testing::HasSubstr;

/// Counts the processes that are alive at a time.
class CountingLauncher final : public ProcessLauncher {
 public:
  Result<std::unique_ptr<ChildProcess>> spawn(ProcessSpec spec,
                                              std::function<void(ExitStatus)> onExit) override {
    const int now = ++alive;
    if (now > mostAlive) mostAlive = now;
    return real_->spawn(std::move(spec), [this, onExit = std::move(onExit)](ExitStatus exit) {
      --alive;
      onExit(exit);
    });
  }
  std::atomic<int> alive = 0;
  std::atomic<int> mostAlive = 0;

 private:
  std::unique_ptr<ProcessLauncher> real_ = makeSystemProcessLauncher();
};

/// Takes jobs, and says so on a thread of its own.
class ElsewhereGateway final : public rest::FakeGateway {
 public:
  using FakeGateway::handle;
  void handle(protocol::SubmitJobRequest,
              jobmanager::Responder<protocol::SubmitJobRequest> respond) override {
    thread_ = std::thread([respond = std::move(respond)] { respond(protocol::Empty{}); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

class ProgramJarRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "jar-runner-" + Id<struct TestTag>::random(*rng_).toHex();
    blobs_ = std::make_unique<control::BlobStore>(*files_, clock_, directory_);
  }
  void TearDown() override {
    std::promise<void> stopped;
    loop_->post([&] {
      runner_->stop();
      stopped.set_value();
    });
    stopped.get_future().wait();
    blocking_.stop();
    loop_->stop();
    gateway_.join();
    EXPECT_TRUE(files_->removeAll(directory_).isOk());
  }
  void start(const ProgramJarRunner::Limits& limits) {
    runner_ = std::make_unique<ProgramJarRunner>(
        ProgramJarRunner::Services{*loop_,
                                   clock_,
                                   launcher_,
                                   *blobs_,
                                   gateway_,
                                   [this](std::function<void()> work) {
                                     if (holdsWork_) {
                                       held_.set_value(std::move(work));
                                     } else {
                                       blocking_.run(std::move(work));
                                     }
                                   },
                                   FLINK_FAKE_PROGRAM,
                                   {}},
        limits);
  }
  static rest::JarRunRequest requestTo(const std::string& behaviour) {
    rest::JarRunRequest request;
    request.path = FLINK_FAKE_PROGRAM;  // any file
    request.name = "fake.so";
    request.arguments = {behaviour};
    return request;
  }
  std::future<Result<JobGraph>> plan(const std::string& behaviour) {
    auto answer = std::make_shared<std::promise<Result<JobGraph>>>();
    runner_->plan(requestTo(behaviour),
                  [answer](Result<JobGraph> graph) { answer->set_value(std::move(graph)); });
    return answer->get_future();
  }

  SystemClock clock_;
  std::unique_ptr<Rng> rng_ = makeSystemRng();
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  ElsewhereGateway gateway_;
  std::string directory_;
  std::unique_ptr<control::BlobStore> blobs_;
  CountingLauncher launcher_;
  std::unique_ptr<EventLoop> loop_ = makeThreadEventLoop("jar-runner", clock_);
  std::unique_ptr<ProgramJarRunner> runner_;
  BlockingPool blocking_;
  bool holdsWork_ = false;
  std::promise<std::function<void()>> held_;  ///< the work that is held
};

TEST_F(ProgramJarRunnerTest, RequestsWaitForTheirTurn) {
  start({2, 8, std::chrono::minutes(5)});
  std::vector<std::future<Result<JobGraph>>> plans;
  for (int i = 0; i < 8; ++i) plans.push_back(plan("submit-and-wait"));
  for (auto& answer : plans) {
    const auto graph = answer.get();
    ASSERT_TRUE(graph.isOk()) << graph.status().toString();
    EXPECT_EQ(graph->name, "job of fake_program");
  }
  EXPECT_LE(launcher_.mostAlive, 2);
}

TEST_F(ProgramJarRunnerTest, TooManyRequestsAreRefused) {
  start({2, 1, std::chrono::minutes(5)});
  std::vector<std::future<Result<JobGraph>>> held;
  for (int i = 0; i < 3; ++i) held.push_back(plan("hang"));
  const auto refused = plan("submit-and-wait").get();
  EXPECT_EQ(refused.status().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(refused.status().message(), HasSubstr("running=2 waiting=1"));
}

TEST_F(ProgramJarRunnerTest, ProgramsWithoutPlanDoNotKeepTheirPlaces) {
  start({1, 1, std::chrono::milliseconds(200)});
  auto running = plan("hang");
  auto waiting = plan("hang");
  EXPECT_THAT(running.get().status().message(), HasSubstr("the program gives no plan"));
  EXPECT_EQ(waiting.get().status().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(plan("hang").get().status().message(), HasSubstr("the program gives no plan"));
}

TEST_F(ProgramJarRunnerTest, JobsAreAnsweredForOnTheLoop) {
  start({1, 1, std::chrono::minutes(5)});
  std::promise<std::pair<Status, bool>> answer;
  runner_->run(requestTo("submit-and-wait"), [&](const Result<JobId>& job) {
    answer.set_value({job.status(), loop_->inLoop()});
  });
  const auto [status, inLoop] = answer.get_future().get();
  EXPECT_TRUE(status.isOk()) << status.toString();
  EXPECT_TRUE(inLoop) << "the program's end is told on the loop too";
}

TEST_F(ProgramJarRunnerTest, LibrariesAreCopiedOffTheLoop) {
  holdsWork_ = true;
  start({1, 0, std::chrono::minutes(5)});
  auto first = plan("submit-and-wait");
  const std::function<void()> work = held_.get_future().get();
  EXPECT_EQ(plan("submit-and-wait").get().status().code(), ErrorCode::kUnavailable)
      << "the loop goes on, and the place is taken";
  work();
  EXPECT_TRUE(first.get().isOk());
}

TEST_F(ProgramJarRunnerTest, MissingLibraryGivesItsPlaceBack) {
  start({1, 0, std::chrono::minutes(5)});
  for (int i = 0; i < 2; ++i) {
    std::promise<Status> answer;
    rest::JarRunRequest request = requestTo("submit-and-wait");
    request.path = directory_ + "/missing.so";
    runner_->run(std::move(request),
                 [&](const Result<JobId>& job) { answer.set_value(job.status()); });
    EXPECT_EQ(answer.get_future().get().code(), ErrorCode::kFileNotFound);
  }
}

}  // namespace
}  // namespace flink::apps
