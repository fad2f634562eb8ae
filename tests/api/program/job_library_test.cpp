#include "api/program/job_library.h"

#include <gmock/gmock.h>

#include "api/program/program_runner.h"
#include "core/base/error_codes.h"
#include "tests/api/program/fake_session.h"

namespace flink::program {
namespace {

using testing::HasSubstr;

std::string library(const std::string& name) {
  return std::string(FLINK_TEST_JOBS) + "/" + name + ".so";
}

TEST(JobLibraryTest, ALibraryShowsItsJobsHoweverOftenItIsLoaded) {
  for (int i = 0; i < 2; ++i) {
    const auto jobs = loadJobLibrary(library("two_jobs"));
    ASSERT_TRUE(jobs.isOk()) << jobs.status().toString();
    ASSERT_EQ(jobs->size(), 2U);
    EXPECT_EQ((*jobs)[0].name, "first");
    EXPECT_EQ((*jobs)[1].name, "second");
  }
  EXPECT_TRUE(linkedJobs().empty());
}

TEST(JobLibraryTest, AJobOfALibraryRunsAtTheClientAndInAWorker) {
  const auto jobs = loadJobLibrary(library("two_jobs"));
  ASSERT_TRUE(jobs.isOk()) << jobs.status().toString();
  FakeSession session;
  const auto rng = makeSeededRng(1);
  ClientRun run;
  run.reference.entry = "second";
  const auto outcome = runProgram(*findJob(*jobs, "second", "two_jobs.so"), run, session, *rng);
  ASSERT_TRUE(outcome.status.isOk()) << outcome.status.toString();
  const auto catalog = rebuildProgram(library("two_jobs"), session.submitted[0]);
  ASSERT_TRUE(catalog.isOk()) << catalog.status().toString();
  EXPECT_NE((*catalog)->operatorFactory(2), nullptr);
}

TEST(JobLibraryTest, AnotherReleaseIsRefusedBeforeItsCodeRuns) {
  const auto jobs = loadJobLibrary(library("other_release"));
  ASSERT_FALSE(jobs.isOk());
  EXPECT_EQ(jobs.status().code(), ErrorCode::kAbiMismatch);
  EXPECT_THAT(jobs.status().message(),
              HasSubstr("built for \"0.0.1 abi=1002 string=0 pointer=4\""));
}

TEST(JobLibraryTest, TheLoadersOwnWordsAreReported) {
  const auto jobs = loadJobLibrary(library("missing_symbol"));
  ASSERT_FALSE(jobs.isOk());
  EXPECT_EQ(jobs.status().code(), ErrorCode::kProgramInvalid);
  EXPECT_THAT(jobs.status().message(), HasSubstr("definedNowhere"));
}

TEST(JobLibraryTest, NamesAreReadFromTheFile) {
  EXPECT_THAT(*jobNamesInFile(library("two_jobs")), testing::ElementsAre("first", "second"));
  EXPECT_THAT(*jobNamesInFile(library("missing_symbol")), testing::ElementsAre("incomplete"));
  EXPECT_THAT(*jobNamesInFile("/bin/sh"), testing::IsEmpty());
  EXPECT_EQ(jobNamesInFile("/nowhere/job.so").status().code(), ErrorCode::kFileNotFound);
}

TEST(JobLibraryTest, OtherFilesAreNoJobLibraries) {
  EXPECT_EQ(loadJobLibrary("/nowhere/job.so").status().code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(loadJobLibrary("/bin/sh").status().code(), ErrorCode::kProgramInvalid);
  EXPECT_EQ(loadJobLibrary("/etc/hostname").status().code(), ErrorCode::kProgramInvalid);
  EXPECT_EQ(loadJobLibrary("/tmp").status().code(), ErrorCode::kProgramInvalid);
}

}  // namespace
}  // namespace flink::program
