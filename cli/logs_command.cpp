#include <time.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cluster_connection.h"
#include "cli/commands.h"
#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

/// One log file of one process and how far it was printed.
struct LogSource {
  std::string process;
  protocol::LogFile file;
  std::int64_t offset = 0;
};

void warn(const std::string& process, const Status& status) {
  std::fprintf(stderr, "warning: logs of %s cannot be read: %s\n", process.c_str(),
               status.toString().c_str());
}

/// A TaskManager that does not answer keeps nobody from the other logs.
Result<std::vector<LogSource>> allLogs(ClusterConnection& client) {
  std::vector<std::string> processes{"jobmanager"};
  FLINK_ASSIGN_OR_RETURN(const auto taskManagers, client.call(protocol::ListTaskManagersRequest{}));
  for (const auto& taskManager : taskManagers.taskManagers)
    processes.push_back(taskManager.id.text());
  std::vector<LogSource> sources;
  for (const auto& process : processes) {
    const auto answer = client.call(protocol::ListLogsRequest{process});
    if (!answer) {
      warn(process, answer.status());
      continue;
    }
    for (const auto& file : answer->files) sources.push_back({process, file, 0});
  }
  return sources;
}

/// Prints what a log has grown by; one that became shorter was rotated and begins anew.
Status printNew(ClusterConnection& client, LogSource& source) {
  while (true) {
    FLINK_ASSIGN_OR_RETURN(const auto answer,
                           client.call(protocol::ReadLogRequest{source.process, source.file.name,
                                                                source.offset, 1 << 20}));
    if (answer.fileSize < source.offset) {
      source.offset = 0;
      continue;
    }
    if (answer.data.empty()) return Status::ok();
    std::fwrite(answer.data.data(), 1, answer.data.size(), stdout);
    source.offset = answer.offset + static_cast<std::int64_t>(answer.data.size());
  }
}

/// Prints what all logs have grown by. Those that cannot be read any more are left out with a
/// warning; an error when none is left.
Status printAll(ClusterConnection& client, std::vector<LogSource>& sources, bool withNames) {
  Status last;
  for (std::size_t i = 0; i < sources.size();) {
    LogSource& source = sources[i];
    if (withNames && source.file.size > 0) std::printf("==> %s <==\n", source.file.name.c_str());
    Status printed = printNew(client, source);
    const bool rotated = !printed && printed.code() == ErrorCode::kNotFound && source.offset > 0;
    if (rotated) source.offset = 0;  // it has no new file yet
    if (printed || rotated) {
      ++i;
      continue;
    }
    warn(source.file.name, printed);
    last = std::move(printed);
    sources.erase(sources.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return sources.empty() ? last : Status::ok();
}

CommandResult listFiles(const GlobalOptions& global, const std::vector<LogSource>& sources) {
  if (global.output != OutputFormat::kTable) {
    nlohmann::ordered_json items = nlohmann::ordered_json::array();
    for (const auto& source : sources) {
      items.push_back({{"process", source.process},
                       {"name", source.file.name},
                       {"sizeBytes", source.file.size},
                       {"modified", utcTime(source.file.modifiedMs)}});
    }
    printDocument(global.output, "LogList", {{"items", items}});
    return kExitOk;
  }
  Table table({"PROCESS", "FILE", "BYTES", "MODIFIED"});
  for (const auto& source : sources) {
    table.addRow({source.process, source.file.name, std::to_string(source.file.size),
                  utcTime(source.file.modifiedMs)});
  }
  std::printf("%s", table.toString().c_str());
  return kExitOk;
}

bool wanted(const LogSource& source, const LogsOptions& options) {
  if (!options.file.empty()) return source.file.name == options.file;
  if (source.process == options.target) return true;
  return source.file.name.find(options.target) != std::string::npos;
}

}  // namespace

CommandResult runLogs(const GlobalOptions& global, const LogsOptions& options) {
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(std::vector<LogSource> sources, allLogs(*client));
  if (options.target.empty() && options.file.empty()) return listFiles(global, sources);
  std::erase_if(sources, [&](const LogSource& source) { return !wanted(source, options); });
  if (sources.empty()) {
    return Status(ErrorCode::kNotFound, "no log belongs to this job, process or file: name=" +
                                            (options.file.empty() ? options.target : options.file));
  }
  FLINK_RETURN_IF_ERROR(printAll(*client, sources, sources.size() > 1));
  while (options.follow) {
    std::fflush(stdout);
    const timespec pause{0, 300'000'000};
    nanosleep(&pause, nullptr);
    FLINK_RETURN_IF_ERROR(printAll(*client, sources, false));
  }
  return kExitOk;
}

}  // namespace flink::cli
