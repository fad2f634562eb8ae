// error: the function has snapshotState() or initializeState() but is no
// flink::CheckpointedFunction, so they would never be called: derive from it
#include "mistakes.h"

struct CountWithOperatorState : flink::RichFlatMapFunction<std::int64_t, std::int64_t> {
  void flatMap(const std::int64_t& n, flink::Collector<std::int64_t>& out) override {
    out.collect(n);
  }
  void snapshotState(flink::FunctionSnapshotContext&) {}
  void initializeState(flink::FunctionInitializationContext&) {}
};

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).flatMap(CountWithOperatorState{}).print();
});
