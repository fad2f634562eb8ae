#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/file/file_source.h"
#include "core/base/status_exception.h"
#include "tests/connectors/source_harness.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::connectors {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Harness = SourceHarness<std::string, FileSplit>;

class FileMonitorTest : public ::testing::Test {
 protected:
  FileSource source(bool rereadModified = false) {
    return FileSource::forTextLines(dir_.path("in")).monitored({10ms, rereadModified});
  }
  /// One look at the directory; then all that came in so far.
  static std::vector<std::string> look(Harness& harness) {
    harness.runAsyncWork();
    for (bool more = true; more;) {
      more = false;
      for (int reader = 0; reader < 2; ++reader) {
        const InputStatus status = harness.poll(reader);
        EXPECT_NE(status, InputStatus::kEndOfInput);
        more = more || status == InputStatus::kMoreAvailable;
      }
    }
    return harness.allRecords();
  }
  TemporaryDirectory dir_;
};

TEST_F(FileMonitorTest, NewFilesAreReadOnceAndTheStreamDoesNotEnd) {
  const FileSource files = source();
  EXPECT_EQ(files.getBoundedness(), Boundedness::kContinuousUnbounded);
  Harness harness(files, dir_.files(), 2);
  harness.startReader(0);
  harness.startReader(1);
  EXPECT_THAT(look(harness), IsEmpty()) << "there is no directory yet";
  dir_.write("in/a", "1\n2\n");
  dir_.write("in/.hidden", "x\n");
  EXPECT_THAT(look(harness), UnorderedElementsAre("1", "2"));
  dir_.write("in/a", "1\n2\n3\n");
  dir_.write("in/b", "4\n");
  look(harness);
  EXPECT_THAT(look(harness), UnorderedElementsAre("1", "2", "4")) << "each path once";
}

TEST_F(FileMonitorTest, ModifiedFilesAreReadAgainWhereThatIsWanted) {
  const FileSource files = source(true);
  Harness harness(files, dir_.files(), 2);
  harness.startReader(0);
  harness.startReader(1);
  dir_.write("in/a", "1\n");
  look(harness);
  EXPECT_THAT(look(harness), ElementsAre("1"));
  dir_.write("in/a", "1\n2\n");
  std::filesystem::last_write_time(dir_.path("in/a"),
                                   std::filesystem::file_time_type::clock::now() + 5s);
  EXPECT_THAT(look(harness), UnorderedElementsAre("1", "1", "2"));
}

TEST_F(FileMonitorTest, RestoreGoesOnAtTheSameLineAndKnowsWhatWasSeen) {
  const FileSource files = source();
  std::string enumerator;
  std::vector<FileSplit> splits;
  {
    Harness harness(files, dir_.files(), 1);
    harness.startReader(0);
    dir_.write("in/a", "1\n2\n3\n");
    harness.runAsyncWork();
    harness.poll(0, 2);
    EXPECT_THAT(harness.allRecords(), ElementsAre("1", "2"));
    enumerator = harness.snapshotEnumerator();
    splits = harness.snapshotReader(0);
    harness.poll(0);
  }
  dir_.write("in/b", "4\n");
  Harness harness(files, dir_.files(), 1, enumerator);
  harness.startReader(0, splits);
  harness.runAsyncWork();
  for (int i = 0; i < 5; ++i) harness.poll(0);
  EXPECT_THAT(harness.allRecords(), ElementsAre("3", "4"));
}

TEST_F(FileMonitorTest, NeedsAnInterval) {
  EXPECT_THROW((void)FileSource::forTextLines("/in").monitorContinuously(0ms), StatusException);
}

}  // namespace
}  // namespace flink::connectors
