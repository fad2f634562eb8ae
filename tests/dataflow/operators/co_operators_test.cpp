#include "dataflow/operators/co_operators.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;

TEST(CoOperatorTest, EachSideGoesToItsMapFunction) {
  OperatorHarness harness;
  CollectingReceiver<std::string> out;
  harness.open(*makeCoMapFactory<std::int64_t, std::string>(
                   CoMapLambdas{[](std::int64_t v) { return "number " + std::to_string(v); },
                                [](const std::string& s) { return "text " + s; }}),
               {{"", &out}});
  ASSERT_EQ(harness.op->numInputs(), 2);
  harness.process(std::vector<std::int64_t>{1, 2}, 0);
  harness.process(std::vector<std::string>{"x"}, 1);
  EXPECT_THAT(out.records, ElementsAre("number 1", "number 2", "text x"));
}

TEST(CoOperatorTest, FlatMapsOfOneTypeOnBothSides) {
  OperatorHarness harness;
  CollectingReceiver<int> out;
  harness.open(*makeCoFlatMapFactory<int, int, int>(
                   CoFlatMapLambdas{[](int v, Collector<int>& c) { c.collect(v); },
                                    [](int v, Collector<int>& c) {
                                      c.collect(-v);
                                      c.collect(-v);
                                    }}),
               {{"", &out}});
  harness.process(std::vector<int>{1}, 0);
  harness.process(std::vector<int>{2}, 1);
  EXPECT_THAT(out.records, ElementsAre(1, -2, -2));
}

class Matcher final : public CoProcessFunction<int, std::string, std::string> {
 public:
  void open(const OpenContext&) override { opened_ = true; }
  void processElement1(const int& value, Context& context, Collector<std::string>&) override {
    last_ = value;
    context.output(OutputTag<int>("seen"), value);
  }
  void processElement2(const std::string& value, Context&, Collector<std::string>& out) override {
    out.collect(value + std::to_string(last_) + (opened_ ? "" : " never opened"));
  }

 private:
  bool opened_ = false;
  int last_ = 0;
};

TEST(CoOperatorTest, ProcessFunctionSeesBothSidesAndHasSideOutputs) {
  OperatorHarness harness;
  CollectingReceiver<std::string> out;
  CollectingReceiver<int> seen;
  harness.open(*makeCoProcessFactory<int, std::string, std::string>(Matcher()),
               {{"", &out}, {"seen", &seen}});
  harness.process(std::vector<int>{7}, 0);
  harness.process(std::vector<std::string>{"last "}, 1);
  EXPECT_THAT(out.records, ElementsAre("last 7"));
  EXPECT_THAT(seen.records, ElementsAre(7));
}

}  // namespace
}  // namespace flink::operators
