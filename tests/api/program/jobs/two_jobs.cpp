#include <flink/datastream.h>

FLINK_JOB("first", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 3).print();
});

FLINK_JOB("second", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromElements("a").map([](const std::string& text) { return text + "!"; }).print();
});
