#include <fmt/format.h>

#include "apps/process.h"
#include "apps/taskmanager_node.h"
#include "core/base/error_codes.h"

namespace flink::apps {
namespace {

const ProcessDescription kDescription{
    "flink-taskmanager", "supervises the slots of one host and the workers that run in them",
    clusterProcessOptions(), ""};

int run(const ProcessArguments& arguments) {
  TerminationSignal termination;
  auto configuration = loadProcessConfiguration(arguments);
  if (!configuration) return failStart(kDescription, configuration.status());

  TaskManagerNode* running = nullptr;
  Status fatal;
  TaskManagerNode::Options options;
  options.logPrefix = arguments.value("--logPrefix").value_or("");
  options.workerBinary = binaryDirectory() + "/flink-worker";
  options.onRegistered = [&] {
    notifyReady(fmt::format("ready data={} registered", running->dataPort()));
  };
  options.onFatal = [&](Status status) {
    fatal = std::move(status);
    TerminationSignal::trigger();
  };
  TaskManagerNode node(std::move(*configuration), std::move(options));
  running = &node;
  if (const Status status = node.start(); !status.isOk()) return failStart(kDescription, status);
  termination.wait();
  node.stop();
  return fatal.isOk() ? kExitOk : failStart(kDescription, fatal, kExitFailed);
}

}  // namespace
}  // namespace flink::apps

int main(int argc, char** argv) {
  using namespace flink::apps;
  ProcessArguments arguments;
  if (const auto code = parseArguments(argc, argv, kDescription, arguments)) return *code;
  return run(arguments);
}
