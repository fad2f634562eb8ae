// error: filter() needs a function of one record of this stream that returns bool: bool f(const T&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromElements("a").filter([](const std::string& s) { return s + "!"; }).print();
});
