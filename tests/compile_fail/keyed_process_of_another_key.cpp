// error: a KeyedProcessFunction<K, ..> works on a stream with keys of type K: call keyBy() first
#include "mistakes.h"

struct Count : flink::KeyedProcessFunction<std::string, std::int64_t, std::int64_t> {
  void processElement(const std::int64_t& n, Context&,
                      flink::Collector<std::int64_t>& out) override {
    out.collect(n);
  }
};

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).keyBy([](std::int64_t n) { return n % 2; }).process(Count{}).print();
});
