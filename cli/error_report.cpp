#include "cli/error_report.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

void reportAsFlink(const Status& status, ExitCode exitCode) {
  if (exitCode == kExitUsage) {
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

/// `FLINK-NET-002: the connection broke` as an error; `inherited` is its code when it names none.
Status parseCause(std::string_view text, ErrorCode inherited) {
  const std::size_t colon = text.find(": ");
  const auto code =
      colon == std::string_view::npos ? std::nullopt : errorCodeById(text.substr(0, colon));
  if (code) text.remove_prefix(colon + 2);
  return {code.value_or(inherited), std::string(text)};
}

}  // namespace

Status statusOf(const protocol::FailureInfo& failure, std::string head) {
  constexpr std::string_view kSeparators[] = {"\nCaused by: ", "; caused by: "};
  const ErrorCode code = errorCodeById(failure.errorId).value_or(ErrorCode::kInternal);
  Status status(code, std::move(head));
  std::string_view rest = failure.stackTrace;  // one cause below the other
  while (!rest.empty()) {
    std::size_t end = std::string_view::npos, next = std::string_view::npos;
    for (const std::string_view separator : kSeparators) {
      const std::size_t at = rest.find(separator);
      if (at < end) {
        end = at;
        next = at + separator.size();
      }
    }
    status = std::move(status).causedBy(parseCause(rest.substr(0, end), code));
    rest = next == std::string_view::npos ? std::string_view() : rest.substr(next);
  }
  return status;
}

int reportError(const GlobalOptions& global, const Status& status,
                std::optional<ExitCode> exitCode) {
  std::fflush(stdout);
  const ExitCode code = exitCode.value_or(exitCodeOf(status));
  if (global.flinkStyle) {
    reportAsFlink(status, code);
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
                                       {"exitCode", static_cast<int>(code)}};
    std::fprintf(
        stderr, "%s\n",
        error.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return code;
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
  return code;
}

ExitCode reportJobFailure(const GlobalOptions& global, const protocol::JobResult& result) {
  reportError(global,
              statusOf(*result.failure, fmt::format("Job failed (JobID: {})", result.id.toHex())),
              kExitFailed);
  return kExitFailed;
}

}  // namespace flink::cli
