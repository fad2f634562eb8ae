#include "cluster/taskmanager/log_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/error_codes.h"
#include "core/fs/local_file_system.h"

namespace flink::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr const char* kJobA = "0a000000000000000000000000000000";
constexpr const char* kJobB = "0b000000000000000000000000000000";

class LogDirectoryTest : public ::testing::Test {
 protected:
  LogDirectoryTest() { std::filesystem::create_directories(directory_); }
  ~LogDirectoryTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text, int ageSeconds = 0) {
    std::ofstream(directory_ + "/" + name) << text;
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(directory_ + "/" + name,
                                     now - std::chrono::seconds(ageSeconds));
  }
  std::vector<std::string> names(const LogDirectory& logs) {
    std::vector<std::string> found;
    const auto listed = logs.list();
    for (const auto& log : listed.value()) found.push_back(log.name);
    return found;
  }

  const std::string directory_ =
      ::testing::TempDir() + "log_directory_test." + std::to_string(::getpid());
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  LogDirectory logs_{*files_, directory_, "flink-me-taskexecutor-1-host", 3};
};

TEST_F(LogDirectoryTest, ListsOnlyItsOwnFiles) {
  write("flink-me-taskexecutor-1-host.log", "x");
  write("flink-me-taskexecutor-1-host.log.1", "x");
  write(std::string("flink-me-taskexecutor-1-host-worker-") + kJobA + ".out", "x");
  write("flink-me-taskexecutor-1-hosting.log", "x");
  write("flink-me-taskexecutor-10-host.log", "x");
  write("flink-me-standalonesession-0-host.log", "x");
  EXPECT_THAT(
      names(logs_),
      UnorderedElementsAre("flink-me-taskexecutor-1-host.log", "flink-me-taskexecutor-1-host.log.1",
                           std::string("flink-me-taskexecutor-1-host-worker-") + kJobA + ".out"));
}

TEST_F(LogDirectoryTest, ReadsRangesAndFromTheEnd) {
  write("flink-me-taskexecutor-1-host.log", "0123456789");
  const auto middle = logs_.read({"flink-me-taskexecutor-1-host.log", 2, 3}).value();
  EXPECT_EQ(middle.data, "234");
  EXPECT_EQ(middle.offset, 2);
  EXPECT_EQ(middle.fileSize, 10);
  const auto end = logs_.read({"flink-me-taskexecutor-1-host.log", -4, 100}).value();
  EXPECT_EQ(end.data, "6789");
  EXPECT_EQ(end.offset, 6);
  EXPECT_EQ(logs_.read({"flink-me-taskexecutor-1-host.log", 100, 10}).value().data, "");
}

TEST_F(LogDirectoryTest, NamesAreLookedUpNeverJoined) {
  write("flink-me-taskexecutor-1-host.log", "x");
  write("secret", "x");
  for (const char* name :
       {"secret", "../secret", "/etc/passwd", "", "flink-me-taskexecutor-1-host.log/../secret"}) {
    EXPECT_EQ(logs_.read({name, 0, 10}).status().code(), ErrorCode::kNotFound) << name;
  }
}

TEST_F(LogDirectoryTest, RemovesTheOldestFilesOfEndedWorkersBeyondTheCap) {
  const std::string prefix = "flink-me-taskexecutor-1-host-worker-";
  write("flink-me-taskexecutor-1-host.log", "x", 1000);
  write(prefix + kJobA + ".log", "x", 500);
  write(prefix + kJobA + ".out", "x", 400);
  write(prefix + kJobA + ".err", "x", 300);
  write(prefix + "0c000000000000000000000000000000.log", "x", 200);
  write(prefix + kJobB + ".log", "x", 900);  // still runs
  logs_.prune([](const JobId& job) { return job.toHex() == kJobB; });
  EXPECT_THAT(names(logs_), UnorderedElementsAre("flink-me-taskexecutor-1-host.log",
                                                 prefix + kJobA + ".out", prefix + kJobA + ".err",
                                                 prefix + "0c000000000000000000000000000000.log",
                                                 prefix + kJobB + ".log"));
}

TEST_F(LogDirectoryTest, WithoutPrefixNothingIsWrittenOrListed) {
  const LogDirectory none(*files_, directory_, "", 3);
  EXPECT_EQ(none.workerFile(*JobId::parse(kJobA), "log"), "");
  EXPECT_THAT(none.list().value(), ElementsAre());
}

}  // namespace
}  // namespace flink::taskmanager
