#include "apps/program_jar_runner.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

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
    loop_->stop();
    EXPECT_TRUE(files_->removeAll(directory_).isOk());
  }
  void start(const ProgramJarRunner::Limits& limits) {
    runner_ = std::make_unique<ProgramJarRunner>(
        ProgramJarRunner::Services{
            *loop_, clock_, launcher_, *blobs_, gateway_, FLINK_FAKE_PROGRAM, {}},
        limits);
  }
  std::future<Result<JobGraph>> plan(const std::string& behaviour) {
    rest::JarRunRequest request;
    request.path = FLINK_FAKE_PROGRAM;  // any file
    request.name = "fake.so";
    request.arguments = {behaviour};
    auto answer = std::make_shared<std::promise<Result<JobGraph>>>();
    runner_->plan(std::move(request),
                  [answer](Result<JobGraph> graph) { answer->set_value(std::move(graph)); });
    return answer->get_future();
  }

  SystemClock clock_;
  std::unique_ptr<Rng> rng_ = makeSystemRng();
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  rest::FakeGateway gateway_;
  std::string directory_;
  std::unique_ptr<control::BlobStore> blobs_;
  CountingLauncher launcher_;
  std::unique_ptr<EventLoop> loop_ = makeThreadEventLoop("jar-runner", clock_);
  std::unique_ptr<ProgramJarRunner> runner_;
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

}  // namespace
}  // namespace flink::apps
