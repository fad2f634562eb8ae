#pragma once

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/process.h"

namespace flink::cli::test {

/// How one call of flinkctl ended.
struct Outcome {
  int exitCode = -1;
  std::string out, err;
};

inline std::string contentOf(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Runs flinkctl with a configuration directory of its own.
/// Lifetime: removes its directory at the end.
class FlinkctlProcess {
 public:
  explicit FlinkctlProcess(std::string binary) : binary_(std::move(binary)) {
    std::string name = (std::filesystem::temp_directory_path() / "flinkctl-test.XXXXXX").string();
    home_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(home_ / "conf");
    std::ofstream(home_ / "conf/config.yaml") << "env.pid.dir: " << home_.string() << "\n";
  }
  ~FlinkctlProcess() {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }
  FlinkctlProcess(const FlinkctlProcess&) = delete;
  FlinkctlProcess& operator=(const FlinkctlProcess&) = delete;

  [[nodiscard]] const std::filesystem::path& home() const { return home_; }

  /// Starts it; the future is ready when it has ended.
  std::future<Outcome> start(std::vector<std::string> arguments) {
    const std::string number = std::to_string(++numRuns_);
    ProcessSpec spec;
    spec.argv = {binary_};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {{"FLINK_CONF_DIR", (home_ / "conf").string()}, {"TZ", "UTC"}};
    spec.stdoutFile = home_ / ("out" + number);
    spec.stderrFile = home_ / ("err" + number);
    auto ended = std::make_shared<std::promise<Outcome>>();
    auto started = launcher_->spawn(std::move(spec), [ended, out = spec.stdoutFile,
                                                      err = spec.stderrFile](
                                                         const ExitStatus& status) {
      ended->set_value({status.exitCode.value_or(-status.signal), contentOf(out), contentOf(err)});
    });
    if (!started) ended->set_value({-1, "", started.status().toString()});
    return ended->get_future();
  }
  Outcome run(std::vector<std::string> arguments) { return start(std::move(arguments)).get(); }

 private:
  const std::string binary_;
  std::filesystem::path home_;
  int numRuns_ = 0;
  std::unique_ptr<ProcessLauncher> launcher_ = makeSystemProcessLauncher();
};

}  // namespace flink::cli::test
