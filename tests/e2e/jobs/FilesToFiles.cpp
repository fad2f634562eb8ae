#include <flink/datastream.h>
#include <flink/file_sink.h>
#include <flink/file_source.h>

#include <chrono>
#include <string>

// Lines of files that appear in --input go into part files of --output, until it is cancelled.
FLINK_JOB("FilesToFiles", [](flink::StreamExecutionEnvironment& env,
                             const flink::Parameters& args) {
  using namespace std::chrono_literals;
  env.fromSource(flink::FileSource::forTextLines(args.get("input")).monitorContinuously(50ms),
                 "files")
      .sinkTo(flink::FileSink<std::string>::forRowFormat(args.get("output"),
                                                         flink::SimpleStringEncoder<std::string>())
                  .withRollingPolicy(flink::OnCheckpointRollingPolicy::build())
                  .build());
  env.execute("FilesToFiles");
});
