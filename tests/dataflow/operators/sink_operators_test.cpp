#include "dataflow/operators/sink_operators.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/error_codes.h"
#include "core/base/process.h"
#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using WordCount = std::pair<std::string, std::int64_t>;

TEST(PrintSinkTest, PrefixFollowsFlinksRules) {
  EXPECT_EQ(printPrefix("", 0, 1), "");
  EXPECT_EQ(printPrefix("label", 0, 1), "label> ");
  EXPECT_EQ(printPrefix("", 2, 4), "3> ");
  EXPECT_EQ(printPrefix("label", 2, 4), "label:3> ");
}

TEST(PrintSinkTest, PrintsOneLinePerRecord) {
  OperatorHarness harness;
  harness.context.parallelism = 2;
  harness.open(*makePrintSinkFactory<WordCount>("out"), {});
  testing::internal::CaptureStdout();
  harness.process(std::vector<WordCount>{{"to", 1}, {"be", 2}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "out:1> (to,1)\nout:1> (be,2)\n");
  EXPECT_EQ(harness.metric("numRecordsSend"), 2);
  EXPECT_EQ(harness.metric("numBytesSend"), 28);
}

TEST(PrintSinkTest, LinesThatAreNotWrittenAreAFailure) {
  std::fflush(stdout);
  const OwnedFd saved(::dup(STDOUT_FILENO));
  const OwnedFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  OperatorHarness harness;
  harness.open(*makePrintSinkFactory<int>(""), {});
  ::dup2(full.get(), STDOUT_FILENO);
  Status failure;
  try {
    harness.process(std::vector<int>{1});
  } catch (const OperatorFailure& thrown) {
    failure = thrown.status();
  }
  ::dup2(saved.get(), STDOUT_FILENO);
  EXPECT_EQ(failure.code(), ErrorCode::kFileIo);
  EXPECT_THAT(failure.message(), testing::HasSubstr("No space left on device"));
}

TEST(SinkFunctionTest, LambdasAndClassesAreInvoked) {
  std::vector<int> seen;
  OperatorHarness harness;
  harness.open(*makeSinkFunctionFactory<int>([&seen](int v) { seen.push_back(v); }), {});
  harness.process(std::vector<int>{1, 2});
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

/// Logs what happens to a writer.
class LoggingSink final : public Sink<int> {
 public:
  explicit LoggingSink(std::vector<std::string>& log) : log_(log) {}
  std::unique_ptr<SinkWriter<int>> createWriter(WriterInitContext& context) const override {
    log_.push_back("create " + std::to_string(context.getRuntimeContext().getIndexOfThisSubtask()));
    return std::make_unique<Writer>(log_);
  }

 private:
  class Writer final : public SinkWriter<int> {
   public:
    explicit Writer(std::vector<std::string>& log) : log_(log) {}
    void write(const int& element, const Context& /*context*/) override {
      if (element < 0) throw std::runtime_error("not this one");
      log_.push_back("write " + std::to_string(element));
    }
    void flush(bool endOfInput) override { log_.push_back(endOfInput ? "end" : "flush"); }
    void close() override { log_.push_back("close"); }

   private:
    std::vector<std::string>& log_;
  };
  std::vector<std::string>& log_;
};

TEST(SinkWriterTest, WriterIsFlushedWhenIdleAndAtTheEndThenClosed) {
  std::vector<std::string> log;
  OperatorHarness harness;
  harness.context.subtaskIndex = 3;
  harness.open(*makeSinkFactory<int>(std::make_shared<LoggingSink>(log)), {});
  harness.process(std::vector<int>{1});
  harness.op->flush();
  harness.op->flush();
  harness.process(std::vector<int>{2});
  harness.finish();
  harness.close();
  EXPECT_THAT(log, ElementsAre("create 3", "write 1", "flush", "write 2", "end", "close"));
}

TEST(SinkWriterTest, WhatIsSentAndWhatFailsIsCounted) {
  std::vector<std::string> log;
  OperatorHarness harness;
  harness.open(*makeSinkFactory<int>(std::make_shared<LoggingSink>(log)), {});
  harness.process(std::vector<int>{1, 2, 3});
  EXPECT_THROW(harness.process(std::vector<int>{-1}), std::runtime_error);
  EXPECT_EQ(harness.metric("numRecordsSend"), 3);
  EXPECT_EQ(harness.metric("numRecordsSendErrors"), 1);
  EXPECT_EQ(harness.metric("numRecordsOutErrors"), 1);
  EXPECT_EQ(harness.metric("numBytesSend"), 0) << "nobody counted bytes";
}

TEST(CollectSinkTest, RecordsLeaveInBundlesThatDecode) {
  OperatorHarness harness;
  harness.open(*makeCollectSinkFactory<WordCount>("id"), {});
  for (int i = 0; i < 1500; ++i) harness.process(std::vector<WordCount>{{"w", i}});
  EXPECT_EQ(harness.collected.size(), 1U) << "a full bundle leaves at once";
  harness.op->flush();
  ASSERT_EQ(harness.collected.size(), 2U);
  EXPECT_EQ(harness.collected[0].size() + harness.collected[1].size(), 1500U);
  WordCount last;
  ASSERT_TRUE(types::deserialize(asBytes(harness.collected[1].back()), last).isOk());
  EXPECT_EQ(last, (WordCount{"w", 1499}));
  harness.finish();
  EXPECT_EQ(harness.collected.size(), 2U) << "nothing is left";
}

}  // namespace
}  // namespace flink::operators
