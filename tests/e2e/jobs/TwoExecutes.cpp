#include <flink/datastream.h>

#include <string>

// Two jobs of one program; the second depends on the first one's result.
FLINK_JOB("TwoExecutes", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  const std::string output = args.get("output", "");
  env.fromSequence(0, 9).writeAsText(output + "/first");
  const flink::JobExecutionResult first = env.execute("first");
  env.fromElements(std::string("first took a while: ") +
                   (first.getNetRuntime() >= 0 ? "yes" : "no"))
      .writeAsText(output + "/second");
  env.execute("second");
});
