#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/operators/factories.h"
#include "tests/core/types/counting_new.h"
#include "tests/dataflow/operators/operator_harness.h"

/// Steady state costs no memory: warm up, then count what operator new is asked for.
namespace flink::operators {
namespace {

using WordCount = std::pair<std::string, std::int64_t>;

/// Feeds the same records again and again through an edge (serialized, read back) into an operator.
template <class T>
class SteadyFlow {
 public:
  SteadyFlow(const OperatorFactory& factory, const EdgeCodec& codec, const OperatorOutputs& outputs,
             std::vector<T> records)
      : window_(1 << 16), records_(std::move(records)) {
    harness_.open(factory, outputs);
    writer_ = codec.makeWriter(window_, {ChannelSelection::kHash, 0, 128});
    reader_ = codec.makeReader(harness_.op->input(0), 1);
  }
  void round() {
    window_.rewind();
    dynamic_cast<BatchReceiver<T>&>(*writer_).process({std::span<T>(records_)});
    std::size_t offset = 0;
    std::uint64_t count = 0;
    EXPECT_TRUE(
        reader_->read(0, {window_.written(), true, false, false}, offset, 1 << 20, count).isOk());
    EXPECT_EQ(count, records_.size());
  }
  void expectNoAllocations() {
    // A filter swaps records, so every slot's buffer has to have met the longest text before
    // nothing grows any more.
    for (int i = 0; i < 500; ++i) round();
    const AllocationCounter counter;
    for (int i = 0; i < 100; ++i) round();
    EXPECT_EQ(counter.numAllocations(), 0U);
  }

 private:
  /// One channel whose only segment holds a round.
  class OneSegment final : public types::SegmentWriter {
   public:
    explicit OneSegment(std::size_t bytes) : memory_(bytes) { windows_ = {&only_, 1}; }
    void rewind() { only_ = {memory_.data(), memory_.data() + memory_.size()}; }
    [[nodiscard]] ByteView written() const { return {memory_.data(), only_.pos}; }
    [[nodiscard]] bool carriesHash(int) const override { return true; }
    void nextSegment(int) override { ADD_FAILURE() << "the round does not fit"; }
    void writeLarge(int, std::uint32_t, ByteView) override {
      ADD_FAILURE() << "the round does not fit";
    }
    [[nodiscard]] bool released() const override { return false; }

   private:
    std::vector<std::byte> memory_;
    Window only_;
  };

  OperatorHarness harness_;
  OneSegment window_;
  std::vector<T> records_;
  std::unique_ptr<Receiver> writer_;
  std::unique_ptr<EdgeReader> reader_;
};

std::vector<std::int64_t> someNumbers() {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < 1000; ++i) numbers.push_back(i * 7919 % 300);
  return numbers;
}
std::vector<std::string> someTexts() {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 700; ++i)
    texts.push_back(std::string(i % 40, 'x') + std::to_string(i % 300));
  return texts;
}
std::vector<WordCount> someWords() {
  std::vector<WordCount> words;
  for (const std::string& text : someTexts()) words.emplace_back(text, 1);
  return words;
}

TEST(AllocationTest, MapOfNumbersAndOfStrings) {
  DiscardingReceiver<std::int64_t> numbers;
  SteadyFlow<std::int64_t>(*makeMapFactory<std::int64_t>([](std::int64_t v) { return v + 1; }),
                           *makeEdgeCodec<std::int64_t>(), {{"", &numbers}}, someNumbers())
      .expectNoAllocations();
  DiscardingReceiver<std::size_t> sizes;
  SteadyFlow<std::string>(
      *makeMapFactory<std::string>([](const std::string& s) { return s.size(); }),
      *makeEdgeCodec<std::string>(), {{"", &sizes}}, someTexts())
      .expectNoAllocations();
}

TEST(AllocationTest, FilterOfStrings) {
  DiscardingReceiver<std::string> out;
  SteadyFlow<std::string>(
      *makeFilterFactory<std::string>([](const std::string& s) { return s.size() % 3 != 0; }),
      *makeEdgeCodec<std::string>(), {{"", &out}}, someTexts())
      .expectNoAllocations();
}

TEST(AllocationTest, FlatMapOfViews) {
  DiscardingReceiver<std::string> out;
  const auto halve = [](const std::string& s, Collector<std::string>& c) {
    c.collect(std::string_view(s).substr(0, s.size() / 2));
    c.collect(s);
  };
  SteadyFlow<std::string>(*makeFlatMapFactory<std::string, std::string>(halve),
                          *makeEdgeCodec<std::string>(), {{"", &out}}, someTexts())
      .expectNoAllocations();
}

TEST(AllocationTest, KeyedSumOverIntegers) {
  const auto key = [](const std::int64_t& v) { return v % 100; };
  DiscardingReceiver<std::int64_t> out;
  SteadyFlow<std::int64_t>(*makeKeyedSumFactory<std::int64_t>(key, TupleField<0>{}),
                           *makeKeyedEdgeCodec<std::int64_t>(key), {{"", &out}}, someNumbers())
      .expectNoAllocations();
}

TEST(AllocationTest, KeyedSumOverStrings) {
  const auto key = [](const WordCount& wc) -> const std::string& { return wc.first; };
  DiscardingReceiver<WordCount> out;
  SteadyFlow<WordCount>(*makeKeyedSumFactory<WordCount>(key, TupleField<1>{}),
                        *makeKeyedEdgeCodec<WordCount>(key), {{"", &out}}, someWords())
      .expectNoAllocations();
  EXPECT_GT(out.numRecords, 70000U);
}

TEST(AllocationTest, SeveralReceiversGetCopiesIntoReusedRecords) {
  DiscardingReceiver<std::string> a, b;
  SteadyFlow<std::string>(
      *makeFlatMapFactory<std::string, std::string>(
          [](const std::string& s, Collector<std::string>& c) { c.collect(s); }),
      *makeEdgeCodec<std::string>(), {{"", &a}, {"", &b}}, someTexts())
      .expectNoAllocations();
}

}  // namespace
}  // namespace flink::operators
