#include <fmt/format.h>

#include "apps/jobmanager_node.h"
#include "apps/process.h"

namespace flink::apps {
namespace {

const ProcessDescription kDescription{
    "flink-jobmanager", "runs a cluster: accepts jobs, deals out slots, serves clients and REST",
    clusterProcessOptions(), ""};

int run(const ProcessArguments& arguments) {
  TerminationSignal termination;
  auto configuration = loadProcessConfiguration(arguments);
  if (!configuration) return failStart(kDescription, configuration.status());
  JobManagerNode::Options options;
  options.logPrefix = arguments.value("--logPrefix").value_or("");
  options.configDirectory = configurationDirectory(arguments);
  options.programBinary = binaryDirectory() + "/flink-program";
  JobManagerNode node(std::move(*configuration), std::move(options));
  if (const Status status = node.start(); !status.isOk()) return failStart(kDescription, status);
  notifyReady(fmt::format("ready rpc={} rest={} blob={} events={}", node.rpcPort(), node.restPort(),
                          node.blobPort(), node.eventPort()));
  termination.wait();
  node.stop();
  return kExitOk;
}

}  // namespace
}  // namespace flink::apps

int main(int argc, char** argv) {
  using namespace flink::apps;
  ProcessArguments arguments;
  if (const auto code = parseArguments(argc, argv, kDescription, arguments)) return *code;
  return run(arguments);
}
