#include "connectors/file/file_sink.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "dataflow/operators/factories.h"
#include "tests/connectors/temporary_directory.h"
#include "tests/dataflow/operators/sink_attempts.h"

namespace flink::connectors {
namespace {

using namespace std::chrono_literals;
using operators::OperatorBlocks;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using Numbers = std::vector<std::int64_t>;

class HandClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return MonotonicTime(Duration(++ticks_)); }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis{ms}; }
  std::int64_t ms = 1'700'000'000'000;

 private:
  mutable std::int64_t ticks_ = 0;
};

class FileSinkTest : public ::testing::Test {
 protected:
  using Sink = FileSink<std::int64_t>;

  FileSinkTest() { sink_.clock = &clock_; }

  /// Two buckets, parts that end with each checkpoint.
  Sink::RowFormatBuilder sink() {
    return Sink::forRowFormat(directory_.path("out"), SimpleStringEncoder<std::int64_t>())
        .withBucketAssigner([](std::int64_t n) { return "by-" + std::to_string(n % 2); })
        .withRollingPolicy(OnCheckpointRollingPolicy::build());
  }
  void start(const Sink& sink, const std::optional<OperatorBlocks>& from = {},
             bool checkpointed = true) {
    sink_.start(*operators::makeSinkFactory<std::int64_t>(std::make_shared<Sink>(sink)), from,
                checkpointed);
  }
  void moveTime(std::int64_t byMs) {
    clock_.ms += byMs;
    sink_.time().advanceTo(sink_.time().now() + byMs);
  }

  /// Files below the output: in progress or not.
  std::vector<std::string> parts(bool inProgress = false) {
    std::vector<std::string> found;
    if (!std::filesystem::exists(directory_.path("out"))) return found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(directory_.path("out"))) {
      if (entry.is_regular_file() && (entry.path().filename().string()[0] == '.') == inProgress)
        found.push_back(std::filesystem::relative(entry.path(), directory_.path("out")));
    }
    return found;
  }
  Numbers committed() {
    Numbers numbers;
    for (const std::string& part : parts()) {
      std::istringstream lines(directory_.read("out/" + part));
      for (std::int64_t n = 0; lines >> n;) numbers.push_back(n);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  TemporaryDirectory directory_;
  HandClock clock_;
  operators::SinkAttempts sink_;
};

TEST_F(FileSinkTest, PartsAppearWhenTheirCheckpointIsComplete) {
  start(sink().build());
  sink_.write<std::int64_t>({1, 2, 3});
  sink_.snapshot(1);
  sink_.write<std::int64_t>({4});
  EXPECT_THAT(committed(), IsEmpty());
  sink_.complete(1);
  EXPECT_THAT(committed(), ElementsAre(1, 2, 3));
  sink_.snapshot(2);
  sink_.complete(2);
  EXPECT_THAT(committed(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(parts(), SizeIs(3));
  EXPECT_THAT(parts(true), IsEmpty());
}

TEST_F(FileSinkTest, NamesAreFlinks) {
  start(
      sink()
          .withOutputFileConfig(
              OutputFileConfig::builder().withPartPrefix("numbers").withPartSuffix(".txt").build())
          .build());
  sink_.write<std::int64_t>({4});
  const std::string id = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  ASSERT_THAT(parts(true), SizeIs(1));
  EXPECT_THAT(parts(true)[0],
              testing::ContainsRegex("^by-0/\\.numbers-" + id + "-0\\.txt\\.inprogress\\." + id));
  sink_.snapshot(1);
  sink_.complete(1);
  ASSERT_THAT(parts(), SizeIs(1));
  EXPECT_THAT(parts()[0], testing::ContainsRegex("^by-0/numbers-" + id + "-0\\.txt$"));
}

TEST_F(FileSinkTest, PartGoesOnBehindACheckpointAndWhatCameLaterIsCutAway) {
  const Sink destination =
      sink().withRollingPolicy(DefaultRollingPolicy::builder().build()).build();
  start(destination);
  sink_.write<std::int64_t>({2, 4});
  const OperatorBlocks first = sink_.snapshot(1);
  sink_.complete(1);
  EXPECT_THAT(committed(), IsEmpty()) << "the part is open";
  sink_.write<std::int64_t>({6});
  start(destination, first);
  sink_.write<std::int64_t>({8});
  start(destination, first);  // once more from the same checkpoint
  sink_.write<std::int64_t>({10});
  sink_.finish();
  sink_.snapshot(2);
  sink_.complete(2);
  EXPECT_THAT(committed(), ElementsAre(2, 4, 10));
}

TEST_F(FileSinkTest, FilesThatWereTakenOverAreRemovedWithTheNextCheckpoint) {
  const Sink destination =
      sink().withRollingPolicy(DefaultRollingPolicy::builder().build()).build();
  start(destination);
  sink_.write<std::int64_t>({2});
  const OperatorBlocks first = sink_.snapshot(1);
  const auto before = parts(true);
  start(destination, first);
  EXPECT_THAT(parts(true), SizeIs(2));
  sink_.snapshot(2);
  EXPECT_THAT(parts(true), testing::Contains(before[0])) << "checkpoint 1 may be restored again";
  sink_.complete(2);
  EXPECT_THAT(parts(true), SizeIs(1));
  EXPECT_THAT(parts(true), testing::Not(testing::Contains(before[0])));
}

TEST_F(FileSinkTest, DefaultPolicyRollsBySizeAgeAndInactivity) {
  start(sink()
            .withRollingPolicy(DefaultRollingPolicy::builder()
                                   .withMaxPartSize(4)
                                   .withRolloverInterval(100s)
                                   .withInactivityInterval(30s)
                                   .build())
            .withBucketCheckInterval(10s)
            .build());
  state::SnapshotId id = 0;
  const auto completeOne = [&] {
    sink_.snapshot(++id);
    sink_.complete(id);
    return parts().size();
  };
  sink_.write<std::int64_t>({2, 4});  // 4 bytes: not above the limit
  EXPECT_EQ(completeOne(), 0U);
  sink_.write<std::int64_t>({6});  // 6 bytes
  EXPECT_EQ(completeOne(), 1U);
  sink_.write<std::int64_t>({2, 4, 6, 8});  // the fourth finds 6 bytes
  EXPECT_EQ(completeOne(), 2U);
  moveTime(20'000);
  EXPECT_EQ(completeOne(), 2U);
  moveTime(10'000);  // idle for 30 s
  EXPECT_EQ(completeOne(), 3U);
  EXPECT_THAT(committed(), ElementsAre(2, 2, 4, 4, 6, 6, 8));
}

TEST_F(FileSinkTest, OldPartsRollThoughTheyAreInUse) {
  start(sink()
            .withRollingPolicy(DefaultRollingPolicy::builder().withRolloverInterval(60s).build())
            .withBucketCheckInterval(10s)
            .build());
  for (int i = 0; i < 5; ++i) {
    sink_.write<std::int64_t>({2});
    moveTime(10'000);
  }
  sink_.snapshot(1);
  sink_.complete(1);
  EXPECT_THAT(committed(), IsEmpty());
  sink_.write<std::int64_t>({2});
  moveTime(10'000);
  sink_.snapshot(2);
  sink_.complete(2);
  EXPECT_THAT(committed(), SizeIs(6));
}

TEST_F(FileSinkTest, WhatARestoredCheckpointPreparedIsCommittedOnce) {
  start(sink().build());
  sink_.write<std::int64_t>({1});
  const OperatorBlocks kept = sink_.snapshot(1);
  start(sink().build(), kept);  // nobody heard of its completion
  EXPECT_THAT(committed(), ElementsAre(1));
  start(sink().build(), kept);
  EXPECT_THAT(committed(), ElementsAre(1));
}

TEST_F(FileSinkTest, EndOfInputCommitsAtOnceWithoutCheckpointsElseWithTheLastOne) {
  start(sink().build(), {}, false);
  sink_.write<std::int64_t>({1, 2});
  sink_.finish();
  EXPECT_THAT(committed(), ElementsAre(1, 2));
  start(sink().build());
  sink_.write<std::int64_t>({3});
  sink_.finish();
  EXPECT_THAT(committed(), ElementsAre(1, 2));
  sink_.snapshot(7);
  sink_.complete(7);
  EXPECT_THAT(committed(), ElementsAre(1, 2, 3));
}

TEST_F(FileSinkTest, LostShortenedAndChangedPartsAreReported) {
  const auto startFails = [this](const Sink& sink, const OperatorBlocks& from) {
    try {
      start(sink, from);
    } catch (const operators::OperatorFailure& failure) {
      EXPECT_EQ(failure.status().code(), ErrorCode::kPartFileLost);
      EXPECT_THAT(failure.status().message(), HasSubstr("/out/by-1/"));
      return true;
    }
    return false;
  };
  start(sink().build());
  sink_.write<std::int64_t>({1});
  const OperatorBlocks pending = sink_.snapshot(1);
  const std::string part = "out/" + parts(true)[0];
  directory_.write(part, "1\n3\n");
  EXPECT_TRUE(startFails(sink().build(), pending));
  std::filesystem::remove_all(directory_.path("out"));
  EXPECT_TRUE(startFails(sink().build(), pending));

  const Sink open = sink().withRollingPolicy(DefaultRollingPolicy::builder().build()).build();
  start(open);
  sink_.write<std::int64_t>({1});
  const OperatorBlocks goesOn = sink_.snapshot(1);
  directory_.write("out/" + parts(true)[0], "1");
  EXPECT_TRUE(startFails(open, goesOn));
}

TEST_F(FileSinkTest, BucketsFollowTimeAndTimestamps) {
  const DateTimeBucketAssigner utc("yyyy-MM-dd--HH", "UTC");
  EXPECT_EQ(utc.bucketAt(clock_.ms), "2023-11-14--22");
  EXPECT_EQ(DateTimeBucketAssigner("'dt='yyyyMMdd/'hour='HH", "+08:00").bucketAt(clock_.ms),
            "dt=20231115/hour=06");
  EXPECT_EQ(DateTimeBucketAssigner("yy-M-d H:mm:ss", "-03:30").bucketAt(-1), "69-12-31 20:29:59");
  EXPECT_THROW(DateTimeBucketAssigner("yyyy-ww"), StatusException);
  EXPECT_THROW(DateTimeBucketAssigner("yyyy", "Mars"), StatusException);
  EXPECT_THROW(DateTimeBucketAssigner("'open"), StatusException);

  start(Sink::forRowFormat(directory_.path("out") + "/", SimpleStringEncoder<std::int64_t>())
            .withBucketAssigner([](std::int64_t, const BucketContext& context) {
              return context.timestamp ? "at-" + std::to_string(*context.timestamp) : "none";
            })
            .build(),
        {}, false);
  sink_.write<std::int64_t>({1});
  sink_.finish();
  ASSERT_THAT(parts(), SizeIs(1));
  EXPECT_THAT(parts()[0], testing::StartsWith("none/part-"));
}

TEST_F(FileSinkTest, BasePathIsABucketAndBulkFormatsAreRefused) {
  start(sink().withBucketAssigner(BasePathBucketAssigner()).build(), {}, false);
  sink_.write<std::int64_t>({1, 2});
  sink_.finish();
  ASSERT_THAT(parts(), SizeIs(1));
  EXPECT_THAT(parts()[0], testing::StartsWith("part-"));
  EXPECT_THROW(Sink::forBulkFormat("/x", 1), operators::OperatorFailure);
}

TEST_F(FileSinkTest, EveryRecordIsInOnePartWhateverFails) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto rng = makeSeededRng(seed);
    sink_.crash();
    std::filesystem::remove_all(directory_.path("out"));
    auto builder = sink();
    if (rng->below(3) > 0) {
      builder.withRollingPolicy(
          DefaultRollingPolicy::builder().withMaxPartSize(20 + rng->below(200)).build());
    }
    const Sink destination = builder.build();
    std::optional<OperatorBlocks> latest, taken;  // complete; not yet
    std::int64_t next = 0, nextInLatest = 0, nextInTaken = 0;
    state::SnapshotId id = 0;
    start(destination);
    for (int step = 0; step < 150; ++step) {
      switch (rng->below(5)) {
        case 0:
          taken = sink_.snapshot(++id);
          nextInTaken = next;
          break;
        case 1:
          if (!taken) break;
          latest = std::exchange(taken, std::nullopt);
          nextInLatest = nextInTaken;
          if (rng->below(3) > 0) sink_.complete(latest->id);  // else the message is lost
          break;
        case 2:
          if (rng->below(3) > 0) break;
          start(destination, latest);
          next = nextInLatest;
          taken.reset();
          break;
        default:
          for (std::uint64_t n = rng->below(20); n > 0; --n) sink_.write<std::int64_t>({next++});
      }
      const Numbers visible = committed();
      ASSERT_TRUE(std::adjacent_find(visible.begin(), visible.end()) == visible.end());
      ASSERT_TRUE(visible.empty() || visible.back() < nextInLatest);
    }
    sink_.finish();
    sink_.snapshot(++id);
    sink_.complete(id);
    Numbers expected(static_cast<std::size_t>(next));
    std::iota(expected.begin(), expected.end(), 0);
    ASSERT_EQ(committed(), expected);
  }
}

}  // namespace
}  // namespace flink::connectors
