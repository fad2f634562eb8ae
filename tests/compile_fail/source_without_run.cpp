// error: addSource() needs void run(flink::SourceContext<T>&) and void cancel(), as in
// flink::SourceFunction
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.addSource([] { return 1; }).print();
});
