#include "api/program/job_compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/base/error_codes.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::program {
namespace {

namespace fs = std::filesystem;

/// A tree whose names need protection in make rules, with a libflink.so that has nothing in it.
class JobCompilerTest : public testing::Test {
 protected:
  JobCompilerTest() {
    fs::create_directories(home_ / "lib");
    fs::create_directories(home_ / "include/flink-cpp");
    fs::create_directories(home_ / "my jobs");
    const std::string library = (home_ / "lib/libflink.so").string();
    EXPECT_EQ(std::system(("g++ -shared -x c++ /dev/null -o '" + library + "'").c_str()), 0);
    std::ofstream(home_ / "my jobs/a header.h") << "inline int answer() { return 42; }\n";
    std::ofstream(request_.source)
        << "#include \"a header.h\"\nint question() { return answer(); }\n";
  }
  Status compile() { return compileJobLibrary(request_, *launcher_); }
  [[nodiscard]] ino_t inode() const {
    struct stat status {};
    EXPECT_EQ(::stat(request_.output.c_str(), &status), 0);
    return status.st_ino;
  }

  connectors::TemporaryDirectory directory_;
  fs::path home_ = fs::path(directory_.path()) / "price $5 #1";
  CompileRequest request_{(home_ / "my jobs/job one.cpp").string(),
                          (home_ / "cache dir/job one.so").string(),
                          home_.string(),
                          {}};
  std::unique_ptr<ProcessLauncher> launcher_ = makeSystemProcessLauncher();
};

TEST_F(JobCompilerTest, CompilesAgainOnlyWhatChanged) {
  testing::internal::CaptureStderr();
  Status status = compile();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "Compiling " + request_.source + "\n");
  ASSERT_TRUE(status.isOk()) << status.toString();
  const ino_t first = inode();
  testing::internal::CaptureStderr();
  status = compile();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  ASSERT_TRUE(status.isOk()) << status.toString();
  EXPECT_EQ(inode(), first);
  fs::last_write_time(home_ / "my jobs/a header.h",
                      fs::last_write_time(request_.output) + std::chrono::seconds(1));
  status = compile();
  ASSERT_TRUE(status.isOk()) << status.toString();
  EXPECT_NE(inode(), first);
}

TEST_F(JobCompilerTest, ACacheThatCannotBeMadeIsNoFaultOfTheSource) {
  request_.output = "/proc/cache/job.so";
  const Status status = compile();
  EXPECT_EQ(status.code(), ErrorCode::kFileIo);
  EXPECT_THAT(status.message(), testing::HasSubstr("/proc/cache"));
}

TEST_F(JobCompilerTest, CompilerMayHaveWords) {
  ::setenv("CXX", "env FLINK_TEST=1 g++", 1);
  const Status status = compile();
  ::setenv("CXX", "no-such-compiler", 1);
  std::ofstream(request_.source, std::ios::app) << "int more;\n";
  fs::last_write_time(request_.source,
                      fs::last_write_time(request_.output) + std::chrono::seconds(1));
  const Status missing = compile();
  ::unsetenv("CXX");
  EXPECT_TRUE(status.isOk()) << status.toString();
  EXPECT_EQ(missing.code(), ErrorCode::kProgramCompile);
  EXPECT_THAT(missing.message(), testing::HasSubstr("the compiler was not found"));
}

}  // namespace
}  // namespace flink::program
