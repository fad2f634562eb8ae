#include "cluster/taskmanager/worker_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "core/base/error_codes.h"

namespace flink::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

WorkerEnd endBySignal(int signal) {
  WorkerEnd end;
  end.jobName = "WordCount";
  end.libraryName = "WordCount.so";
  end.host = "localhost";
  end.pid = 4711;
  end.exit.status.signal = signal;
  return end;
}

TEST(LastWordsTest, ReadsWhatTheHandlerWrote) {
  const LastWords words = parseLastWords(
      "signal 11\noperator Flat Map\nlibrary /tmp/x/9f.so\nframe "
      "/tmp/x/9f.so(_Z1fv+0x10)[0x1]\nframe libc.so.6(+0x2)[0x2]\n");
  EXPECT_EQ(words.signal, 11);
  EXPECT_EQ(words.operatorName, "Flat Map");
  EXPECT_EQ(words.library, "/tmp/x/9f.so");
  EXPECT_EQ(words.frames.size(), 2U);
}

TEST(LastWordsTest, SurvivesHalfALineAndGarbage) {
  EXPECT_EQ(parseLastWords("signal 6\noperat").signal, 6);
  EXPECT_EQ(parseLastWords("signal x\n\n\n").signal, 0);
  EXPECT_EQ(parseLastWords("").signal, 0);
}

TEST(WorkerFailureTest, KilledWorkerNamesHostPidAndSignal) {
  const auto failure = describeWorkerEnd(endBySignal(SIGKILL));
  EXPECT_EQ(failure.errorId, "FLINK-TM-003");
  EXPECT_THAT(failure.message, HasSubstr("host=localhost pid=4711 signal=9 (SIGKILL)"));
}

TEST(WorkerFailureTest, CrashNamesOperatorLibraryAndFrames) {
  WorkerEnd end = endBySignal(SIGSEGV);
  end.exit.lastWords =
      "signal 11\noperator Map\nlibrary /tmp/x/9f.so\nframe "
      "/tmp/x/9f.so(_ZN5flink3runEi+0x10)[0x1]\nframe /lib/libflink.so(+0x2)[0x2]\n";
  end.errorTail = "something went wrong\n";
  const auto failure = describeWorkerEnd(end);
  EXPECT_THAT(failure.message, HasSubstr("signal=11 (SIGSEGV) operator=Map library=WordCount.so"));
  EXPECT_THAT(failure.stackTrace, HasSubstr("\tat flink::run(int)+0x10 in WordCount.so"));
  EXPECT_THAT(failure.stackTrace, HasSubstr("something went wrong"));
}

TEST(WorkerFailureTest, CrashOutsideTheJobsLibraryNamesTheInnermostModule) {
  WorkerEnd end = endBySignal(SIGABRT);
  end.exit.lastWords =
      "signal 6\nlibrary /tmp/x/9f.so\nframe /usr/lib/libother.so(+0x1)[0x1]\nframe "
      "/lib/libflink.so(+0x2)[0x2]\n";
  const auto failure = describeWorkerEnd(end);
  EXPECT_THAT(failure.message, HasSubstr("operator=(none) library=libother.so"));
}

TEST(WorkerFailureTest, SupervisorsReasonStandsFirst) {
  WorkerEnd end = endBySignal(SIGKILL);
  end.killedBecause = "did not answer for 10 s";
  EXPECT_THAT(describeWorkerEnd(end).message,
              HasSubstr("worker process did not answer for 10 s and was killed: host=localhost"));
}

TEST(WorkerFailureTest, ExitWithoutASignalSuspectsUserCode) {
  WorkerEnd end = endBySignal(0);
  end.exit.status.exitCode = 3;
  const auto failure = describeWorkerEnd(end);
  EXPECT_THAT(failure.message, HasSubstr("exit code 3"));
  EXPECT_THAT(failure.message, Not(HasSubstr("signal")));
}

TEST(WorkerFailureTest, StatusKeepsItsCauses) {
  const Status status = Status(ErrorCode::kUserCodeFailed, "operator failed")
                            .causedBy(Status(ErrorCode::kFileIo, "disk full"));
  const auto failure = describeStatus(status, 12);
  EXPECT_EQ(failure.message, "operator failed");
  EXPECT_THAT(failure.stackTrace, HasSubstr("Caused by: FLINK-IO-003: disk full"));
  EXPECT_EQ(failure.timestampMs, 12);
}

}  // namespace
}  // namespace flink::taskmanager
