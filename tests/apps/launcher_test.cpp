#include <future>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/process.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::apps {
namespace {

using testing::HasSubstr;

/// WordCount, compiled from its unchanged source and linked with the launcher.
class LauncherTest : public testing::Test {
 protected:
  /// Runs it with `arguments` and returns how it ended; its output is in the files out and err.
  ExitStatus run(std::vector<std::string> arguments,
                 std::map<std::string, std::string> environment = {}) {
    ProcessSpec spec;
    spec.argv = {FLINK_TEST_PROGRAM};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = std::move(environment);
    spec.stdoutFile = directory_.path("out");
    spec.stderrFile = directory_.path("err");
    std::promise<ExitStatus> ended;
    auto child =
        launcher_->spawn(std::move(spec), [&ended](ExitStatus status) { ended.set_value(status); });
    EXPECT_EQ(child.status().toString(), "OK");
    return child ? ended.get_future().get() : ExitStatus{};
  }

  connectors::TemporaryDirectory directory_;
  std::unique_ptr<ProcessLauncher> launcher_ = makeSystemProcessLauncher();
};

TEST_F(LauncherTest, ProgramRunsItsJobAndEnds) {
  directory_.write("text", "b a\na b\n");
  const ExitStatus status = run({"--input", directory_.path("text"), "--execution-mode", "BATCH",
                                 "--output", directory_.path("counts")},
                                {{"FLINK_LOCAL_SLOTS", "1"}});
  EXPECT_EQ(status.toString(), "exit code 0") << directory_.read("err");
  EXPECT_THAT(directory_.read("counts"), testing::AnyOf("(a,2)\n(b,2)\n", "(b,2)\n(a,2)\n"));
}

TEST_F(LauncherTest, ParallelProgramPrintsToItsOwnOutput) {
  const ExitStatus status = run({"--execution-mode", "BATCH"}, {{"FLINK_LOCAL_SLOTS", "3"}});
  EXPECT_EQ(status.toString(), "exit code 0") << directory_.read("err");
  EXPECT_THAT(directory_.read("out"), HasSubstr("(river,5)"));
}

TEST_F(LauncherTest, FailedJobIsAnErrorWithItsCause) {
  const ExitStatus status = run({"--input", directory_.path("missing")});
  EXPECT_EQ(status.toString(), "exit code 1");
  EXPECT_THAT(directory_.read("err"), HasSubstr("missing"));
}

TEST_F(LauncherTest, ImpossibleNumberOfSlotsIsRefused) {
  const ExitStatus status = run({}, {{"FLINK_LOCAL_SLOTS", "many"}});
  EXPECT_EQ(status.toString(), "exit code 2");
  EXPECT_THAT(directory_.read("err"), HasSubstr("FLINK_LOCAL_SLOTS"));
}

}  // namespace
}  // namespace flink::apps
