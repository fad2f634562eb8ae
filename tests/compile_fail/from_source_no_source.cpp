// error: fromSource() needs a flink::Source<T, Split>
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSource(std::string("file.txt"), "text").print();
});
