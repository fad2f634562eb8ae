#include "core/base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "core/base/error_codes.h"

namespace flink {
namespace {

using ::testing::HasSubstr;

class ProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "flink_process_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  ProcessSpec shell(const std::string& script) const {
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c", script};
    spec.stdoutFile = path("out");
    spec.stderrFile = path("err");
    return spec;
  }
  ExitStatus run(ProcessSpec spec) {
    std::promise<ExitStatus> exit;
    auto child =
        launcher_->spawn(std::move(spec), [&](ExitStatus status) { exit.set_value(status); });
    EXPECT_TRUE(child.isOk()) << child.status().toString();
    return exit.get_future().get();
  }

  std::string directory_;
  std::unique_ptr<ProcessLauncher> launcher_ = makeSystemProcessLauncher();
};

TEST_F(ProcessTest, ReportsExitCodeAndOutput) {
  const ExitStatus status = run(shell("echo hello; echo oops >&2; exit 3"));
  EXPECT_EQ(status.exitCode, 3);
  EXPECT_EQ(status.toString(), "exit code 3");
  EXPECT_EQ(content("out"), "hello\n");
  EXPECT_EQ(content("err"), "oops\n");
}

TEST_F(ProcessTest, OutputIsAppended) {
  run(shell("echo one"));
  run(shell("echo two"));
  EXPECT_EQ(content("out"), "one\ntwo\n");
}

TEST_F(ProcessTest, ReportsSignal) {
  std::promise<ExitStatus> exit;
  auto child =
      launcher_->spawn(shell("exec sleep 60"), [&](ExitStatus status) { exit.set_value(status); });
  ASSERT_TRUE(child.isOk());
  EXPECT_GT((*child)->pid(), 0);
  (*child)->kill(SIGTERM);
  const ExitStatus status = exit.get_future().get();
  EXPECT_EQ(status.signal, SIGTERM);
  EXPECT_EQ(status.toString(), "signal 15 (SIGTERM)");
  (*child)->kill(SIGKILL);  // nobody is hit any more
}

TEST_F(ProcessTest, MissingBinaryIsAnError) {
  ProcessSpec spec;
  spec.argv = {"/nowhere/binary"};
  const auto child = launcher_->spawn(std::move(spec), [](ExitStatus) { FAIL(); });
  ASSERT_FALSE(child.isOk());
  EXPECT_EQ(child.status().code(), ErrorCode::kProcessSpawn);
  EXPECT_THAT(child.status().message(), HasSubstr("/nowhere/binary"));
  EXPECT_THAT(child.status().message(), HasSubstr("No such file"));
}

TEST_F(ProcessTest, BareNameIsFoundInPath) {
  ProcessSpec spec = shell("");
  spec.argv = {"sh", "-c", "exit 0"};
  EXPECT_EQ(run(std::move(spec)).exitCode, 0);
}

TEST_F(ProcessTest, EnvironmentAndDirectory) {
  ProcessSpec spec = shell("echo $FLINK_TEST_VALUE; echo ${HOME:+home}; pwd");
  spec.environment = {{"FLINK_TEST_VALUE", "a b"}, {"HOME", "x"}};
  spec.workingDirectory = directory_;
  run(std::move(spec));
  EXPECT_EQ(content("out"), "a b\nhome\n" + directory_ + "\n");
}

TEST_F(ProcessTest, OnlyInheritedDescriptorsStayOpen) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);  // without CLOEXEC on purpose
  std::array<int, 2> other{};
  ASSERT_EQ(::pipe(other.data()), 0);
  OwnedFd mine(pair[0]);
  const OwnedFd otherRead(other[0]), otherWrite(other[1]);
  ProcessSpec spec = shell("echo ping >&3; read line <&3; echo got $line; ls /proc/self/fd");
  spec.inherited.emplace_back(pair[1]);
  std::promise<ExitStatus> exit;
  auto child =
      launcher_->spawn(std::move(spec), [&](ExitStatus status) { exit.set_value(status); });
  ASSERT_TRUE(child.isOk());
  std::array<char, 5> ping{};
  ASSERT_EQ(::read(mine.get(), ping.data(), ping.size()), 5);
  EXPECT_EQ(std::string(ping.data(), 5), "ping\n");
  ASSERT_EQ(::write(mine.get(), "pong\n", 5), 5);
  exit.get_future().wait();
  // 0-2, the inherited one, and the directory that ls has open.
  EXPECT_EQ(content("out"), "got pong\n0\n1\n2\n3\n4\n");
}

TEST_F(ProcessTest, ChildrenOutliveTheThreadThatSpawnedThem) {
  // PDEATHSIG is sent when the spawning thread ends; the launcher must not tie children to its
  // callers.
  std::promise<ExitStatus> exit;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  OwnedFd readEnd(pipe[0]), writeEnd(pipe[1]);
  std::thread caller([&] {
    ProcessSpec spec = shell("read line <&3; exit 7");
    spec.inherited.push_back(std::move(readEnd));
    EXPECT_TRUE(
        launcher_->spawn(std::move(spec), [&](ExitStatus status) { exit.set_value(status); })
            .isOk());
  });
  caller.join();
  ASSERT_EQ(::write(writeEnd.get(), "go\n", 3), 3);
  EXPECT_EQ(exit.get_future().get().toString(), "exit code 7");
}

TEST_F(ProcessTest, ChildrenDieWithTheLauncher) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  OwnedFd readEnd(pipe[0]);
  ProcessSpec spec = shell("exec sleep 60");
  spec.inherited.emplace_back(pipe[1]);
  ASSERT_TRUE(launcher_->spawn(std::move(spec), {}).isOk());
  launcher_.reset();
  char byte = 0;
  EXPECT_EQ(::read(readEnd.get(), &byte, 1), 0);  // end of file: the only writer is gone
}

TEST_F(ProcessTest, ManyChildrenAreAllReaped) {
  constexpr int kChildren = 30;
  std::atomic<int> ended{0};
  std::promise<void> all;
  for (int i = 0; i < kChildren; ++i) {
    ASSERT_TRUE(launcher_
                    ->spawn(shell("exit 0"),
                            [&](ExitStatus status) {
                              EXPECT_EQ(status.exitCode, 0);
                              if (++ended == kChildren) all.set_value();
                            })
                    .isOk());
  }
  all.get_future().wait();
}

TEST_F(ProcessTest, IgnoredSignalsAreDefaultInTheChild) {
  auto* previous = ::signal(SIGPIPE, SIG_IGN);
  const ExitStatus status = run(shell("kill -PIPE $$; exit 0"));
  ::signal(SIGPIPE, previous);
  EXPECT_EQ(status.signal, SIGPIPE);
}

}  // namespace
}  // namespace flink
