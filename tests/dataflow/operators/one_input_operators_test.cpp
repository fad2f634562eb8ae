#include "dataflow/operators/one_input_operators.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::int64_t> numbers(std::int64_t n) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < n; ++i) result.push_back(i);
  return result;
}

TEST(MapOperatorTest, EmitsOneRecordPerRecordInOrder) {
  OperatorHarness harness;
  CollectingReceiver<std::string> out;
  const std::int64_t offset = 5;
  harness.open(*makeMapFactory<std::int64_t>(
                   [offset](std::int64_t v) { return std::to_string(v + offset); }),
               {{"", &out}});
  harness.process(numbers(3));
  harness.process(numbers(1));
  EXPECT_THAT(out.records, ElementsAre("5", "6", "7", "5"));
}

TEST(MapOperatorTest, LargeInputLeavesInBoundedBatches) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeMapFactory<std::int64_t>([](const std::int64_t& v) { return v; }),
               {{"", &out}});
  harness.process(numbers(10000));
  EXPECT_EQ(out.records, numbers(10000));
  EXPECT_LE(out.largestBatch, kBatchSize);
}

class Doubler final : public RichMapFunction<std::int64_t, std::int64_t> {
 public:
  void open(const OpenContext&) override { subtask_ = getRuntimeContext().getIndexOfThisSubtask(); }
  std::int64_t map(const std::int64_t& value) override {
    getRuntimeContext().getLongCounter("seen").add(1);
    return value * 2 + subtask_;
  }
  void close() override { getRuntimeContext().getIntCounter("closed").add(1); }

 private:
  int subtask_ = -1;
};

TEST(MapOperatorTest, RichFunctionIsOpenedWithItsContextAndClosed) {
  OperatorHarness harness;
  harness.context.subtaskIndex = 1;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeMapFactory<std::int64_t>(Doubler()), {{"", &out}});
  harness.process(numbers(3));
  harness.close();
  EXPECT_THAT(out.records, ElementsAre(1, 3, 5));
  EXPECT_THAT(harness.accumulators, ElementsAre(Pair("closed", "1"), Pair("seen", "3")));
}

TEST(MapOperatorTest, ArgumentsTakenByValueAreMovedIn) {
  OperatorHarness harness;
  CollectingReceiver<std::size_t> out;
  harness.open(*makeMapFactory<std::string>([](std::string text) { return text.size(); }),
               {{"", &out}});
  std::vector<std::string> records{std::string(100, 'x')};
  dynamic_cast<BatchReceiver<std::string>&>(harness.op->input(0)).process({std::span(records)});
  EXPECT_THAT(out.records, ElementsAre(100));
  EXPECT_THAT(records[0], IsEmpty());
}

TEST(MapOperatorTest, BoolRecordsTravelToo) {
  OperatorHarness harness;
  CollectingReceiver<bool> out;
  harness.open(*makeMapFactory<std::int64_t>([](std::int64_t v) { return v % 2 == 0; }),
               {{"", &out}});
  harness.process(numbers(3));
  EXPECT_THAT(out.records, ElementsAre(true, false, true));
}

TEST(MapOperatorTest, UserExceptionsPassThrough) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeMapFactory<std::int64_t>([](std::int64_t v) -> std::int64_t {
    if (v == 1) throw std::runtime_error("user's");
    return v;
  }),
               {{"", &out}});
  EXPECT_THROW(harness.process(numbers(2)), std::runtime_error);
}

TEST(OutputTest, EveryReceiverGetsEveryRecordAndMaySpoilIt) {
  class Spoiler final : public BatchReceiver<std::string> {
   public:
    void process(Batch<std::string> batch) override {
      for (std::string& record : batch.records) seen.push_back(std::move(record));
    }
    std::vector<std::string> seen;
  };
  OperatorHarness harness;
  Spoiler a, b, c;
  const auto letters = [](std::int64_t v) { return std::string(50, static_cast<char>('a' + v)); };
  harness.open(*makeMapFactory<std::int64_t>(letters), {{"", &a}, {"", &b}, {"other", &c}});
  harness.process(numbers(3));
  EXPECT_THAT(a.seen,
              ElementsAre(std::string(50, 'a'), std::string(50, 'b'), std::string(50, 'c')));
  EXPECT_EQ(a.seen, b.seen);
  EXPECT_THAT(c.seen, IsEmpty());
}

TEST(OutputTest, ReaderOfAnotherTypeIsRefused) {
  OperatorHarness harness;
  CollectingReceiver<int> out;
  const auto factory = makeMapFactory<std::int64_t>([](std::int64_t v) { return v; });
  EXPECT_THROW((void)factory->create({{"", &out}}), std::logic_error);
}

TEST(OutputTest, GiantRecordsDoNotLeaveGiantSlots) {
  OperatorHarness harness;
  CollectingReceiver<std::size_t> sizes;
  DiscardingReceiver<std::string> out;
  harness.open(
      *makeFlatMapFactory<std::int64_t, std::string>([](std::int64_t n, Collector<std::string>& c) {
        for (int i = 0; i < 300; ++i) c.slot().assign(static_cast<std::size_t>(n), 'x');
      }),
      {{"", &out}});
  for (int i = 0; i < 20; ++i) harness.process(std::vector<std::int64_t>{1 << 20});
  for (int i = 0; i < 20; ++i) harness.process(std::vector<std::int64_t>{10});
  EXPECT_EQ(out.numRecords, 40U * 300U);
}

TEST(FlatMapOperatorTest, EmitsAnyNumberAndViewsAreAssigned) {
  OperatorHarness harness;
  CollectingReceiver<std::string> out;
  harness.open(*makeFlatMapFactory<std::string, std::string>(
                   [](const std::string& line, Collector<std::string>& c) {
                     for (std::size_t at = 0; at < line.size(); ++at)
                       c.collect(std::string_view(line).substr(at, 1));
                   }),
               {{"", &out}});
  harness.process(std::vector<std::string>{"ab", "", "c"});
  EXPECT_THAT(out.records, ElementsAre("a", "b", "c"));
}

TEST(FlatMapOperatorTest, MillionRecordsFromOneLeaveInBatches) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeFlatMapFactory<std::int64_t, std::int64_t>(
                   [](std::int64_t n, Collector<std::int64_t>& c) {
                     for (std::int64_t i = 0; i < n; ++i) c.collect(i);
                   }),
               {{"", &out}});
  harness.process(std::vector<std::int64_t>{1000000});
  EXPECT_EQ(out.records, numbers(1000000));
  EXPECT_LE(out.largestBatch, kBatchSize);
}

class Splitter final : public FlatMapFunction<std::string, std::pair<std::string, std::int64_t>> {
 public:
  void flatMap(const std::string& line,
               Collector<std::pair<std::string, std::int64_t>>& out) override {
    out.collect({line, 1});
    out.collect(std::pair{std::string_view(line), 2});
  }
};

TEST(FlatMapOperatorTest, ClassesServeByTheirMethod) {
  OperatorHarness harness;
  CollectingReceiver<std::pair<std::string, std::int64_t>> out;
  harness.open(*makeFlatMapFactory<std::string, std::pair<std::string, std::int64_t>>(Splitter()),
               {{"", &out}});
  harness.process(std::vector<std::string>{"x"});
  EXPECT_THAT(out.records, ElementsAre(Pair("x", 1), Pair("x", 2)));
}

TEST(FilterOperatorTest, KeepsWhatThePredicateAcceptsInOrder) {
  OperatorHarness harness;
  CollectingReceiver<std::string> out;
  harness.open(*makeFilterFactory<std::string>([](const std::string& s) { return s.size() != 2; }),
               {{"", &out}});
  harness.process(std::vector<std::string>{"aa", "b", "ccc", "dd", "", "ee"});
  harness.process(std::vector<std::string>{"xx"});
  EXPECT_THAT(out.records, ElementsAre("b", "ccc", ""));
  EXPECT_EQ(out.numBatches, 1U) << "an empty batch is not handed on";
}

TEST(ProcessOperatorTest, SideOutputsGoToTheirReaders) {
  const OutputTag<std::string> tag("odd");
  const OutputTag<int> unread("unread");
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  CollectingReceiver<std::string> odd;
  harness.open(*makeProcessFactory<std::int64_t, std::int64_t>(
                   [=](const std::int64_t& v, ProcessContext& context, Collector<std::int64_t>& c) {
                     if (v % 2 == 0) {
                       c.collect(v);
                     } else {
                       context.output(tag, "odd " + std::to_string(v));
                       context.output(unread, 1);
                     }
                   }),
               {{"", &out}, {"odd", &odd}});
  harness.process(numbers(4));
  EXPECT_THAT(out.records, ElementsAre(0, 2));
  EXPECT_THAT(odd.records, ElementsAre("odd 1", "odd 3"));
}

class CountingProcess final : public ProcessFunction<std::int64_t, std::int64_t> {
 public:
  void open(const OpenContext&) override { count_ = 100; }
  void processElement(const std::int64_t& v, Context&, Collector<std::int64_t>& out) override {
    out.collect(v + count_++);
  }

 private:
  std::int64_t count_ = 0;
};

TEST(ProcessOperatorTest, ClassesKeepTheirOwnFieldsPerSubtask) {
  const auto factory = makeProcessFactory<std::int64_t, std::int64_t>(CountingProcess());
  for (int subtask = 0; subtask < 2; ++subtask) {
    OperatorHarness harness;
    CollectingReceiver<std::int64_t> out;
    harness.open(*factory, {{"", &out}});
    harness.process(numbers(3));
    EXPECT_THAT(out.records, ElementsAre(100, 102, 104));
  }
}

TEST(ProcessOperatorTest, TagUsedWithTwoTypesIsRefused) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeProcessFactory<std::int64_t, std::int64_t>(
                   [](const std::int64_t&, ProcessContext& context, Collector<std::int64_t>&) {
                     context.output(OutputTag<int>("t"), 1);
                     context.output(OutputTag<std::string>("t"), "x");
                   }),
               {{"", &out}});
  EXPECT_THROW(harness.process(numbers(1)), std::logic_error);
}

TEST(MapPartitionOperatorTest, FunctionSeesAllRecordsOnceAtTheEnd) {
  for (const std::int64_t n : {0, 5, 50000}) {
    OperatorHarness harness;
    CollectingReceiver<std::int64_t> out;
    harness.open(*makeMapPartitionFactory<std::int64_t, std::int64_t>(
                     [](RecordIterator<std::int64_t>& records, Collector<std::int64_t>& c) {
                       std::int64_t sum = 0;
                       std::int64_t expected = 0;
                       while (records.hasNext()) {
                         const std::int64_t value = records.next();
                         EXPECT_EQ(value, expected++);
                         sum += value;
                       }
                       c.collect(sum);
                     }),
                 {{"", &out}});
    harness.process(numbers(n));
    EXPECT_THAT(out.records, IsEmpty());
    harness.finish();
    EXPECT_THAT(out.records, ElementsAre(n * (n - 1) / 2))
        << "more than the memory floor goes through a file";
    harness.close();
    EXPECT_TRUE(std::filesystem::is_empty(harness.directory()));
  }
}

}  // namespace
}  // namespace flink::operators
