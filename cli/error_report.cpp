#include "cli/error_report.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

void reportAsFlink(const Status& status) {
  if (exitCodeOf(status) == kExitUsage) {
    std::fprintf(stderr, "%s\n\nUse the help option (-h or --help) to get help on the command.\n",
                 status.message().c_str());
    return;
  }
  std::fprintf(stderr,
               "\n------------------------------------------------------------\n"
               " The program finished with the following exception:\n\n%s\n",
               status.message().c_str());
  for (const Status* cause = status.cause(); cause != nullptr; cause = cause->cause()) {
    std::fprintf(stderr, "Caused by: %s: %s\n", std::string(cause->id()).c_str(),
                 cause->message().c_str());
  }
}

}  // namespace

int reportError(const GlobalOptions& global, const Status& status) {
  std::fflush(stdout);
  if (global.flinkStyle) {
    reportAsFlink(status);
    return kExitFailed;
  }
  const ErrorInfo& info = errorInfo(status.code());
  if (global.output == OutputFormat::kJson) {
    nlohmann::ordered_json causes = nlohmann::ordered_json::array();
    for (const Status* cause = status.cause(); cause != nullptr; cause = cause->cause()) {
      causes.push_back({{"code", cause->id()}, {"message", cause->message()}});
    }
    const nlohmann::ordered_json error{{"apiVersion", "flink-cpp/v1"},
                                       {"kind", "Error"},
                                       {"code", status.id()},
                                       {"message", status.message()},
                                       {"causes", causes},
                                       {"cause", info.cause},
                                       {"fix", info.fix},
                                       {"exitCode", static_cast<int>(exitCodeOf(status))}};
    std::fprintf(
        stderr, "%s\n",
        error.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return exitCodeOf(status);
  }
  const std::string head =
      colored("error[" + std::string(status.id()) + "]", Color::kRed, STDERR_FILENO, global);
  std::fprintf(stderr, "%s: %s\n", head.c_str(), status.message().c_str());
  if (status.cause() == nullptr)
    std::fprintf(stderr, "cause: %s\n", std::string(info.cause).c_str());
  for (const Status* cause = status.cause(); cause != nullptr; cause = cause->cause()) {
    std::fprintf(stderr, "cause: [%s] %s\n", std::string(cause->id()).c_str(),
                 cause->message().c_str());
  }
  const Status* root = &status;
  while (root->cause() != nullptr) root = root->cause();
  std::fprintf(stderr, "fix: %s\n", std::string(errorInfo(root->code()).fix).c_str());
  return exitCodeOf(status);
}

}  // namespace flink::cli
