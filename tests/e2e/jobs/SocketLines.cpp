#include <flink/datastream.h>

#include <cctype>
#include <string>

FLINK_JOB("SocketLines", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  env.socketTextStream(args.get("host", "localhost"), static_cast<int>(args.getInt("port", 9999)))
      .map([](std::string line) {
        for (char& c : line) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return line;
      })
      .writeAsText(args.get("output", ""));
  env.execute("SocketLines");
});
