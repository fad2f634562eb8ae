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

Result<std::vector<LogSource>> allLogs(ClusterConnection& client) {
  std::vector<std::string> processes{"jobmanager"};
  FLINK_ASSIGN_OR_RETURN(const auto taskManagers, client.call(protocol::ListTaskManagersRequest{}));
  for (const auto& taskManager : taskManagers.taskManagers)
    processes.push_back(taskManager.id.text());
  std::vector<LogSource> sources;
  for (const auto& process : processes) {
    FLINK_ASSIGN_OR_RETURN(const auto answer, client.call(protocol::ListLogsRequest{process}));
    for (const auto& file : answer.files) sources.push_back({process, file, 0});
  }
  return sources;
}

/// Prints what a log has grown by; true when there was something.
Result<bool> printNew(ClusterConnection& client, LogSource& source) {
  bool any = false;
  while (true) {
    FLINK_ASSIGN_OR_RETURN(const auto answer,
                           client.call(protocol::ReadLogRequest{source.process, source.file.name,
                                                                source.offset, 1 << 20}));
    if (answer.data.empty()) return any;
    std::fwrite(answer.data.data(), 1, answer.data.size(), stdout);
    source.offset = answer.offset + static_cast<std::int64_t>(answer.data.size());
    any = true;
  }
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
  for (LogSource& source : sources) {
    if (sources.size() > 1 && source.file.size > 0)
      std::printf("==> %s <==\n", source.file.name.c_str());
    FLINK_RETURN_IF_ERROR(printNew(*client, source).status());
  }
  while (options.follow) {
    std::fflush(stdout);
    const timespec pause{0, 300'000'000};
    nanosleep(&pause, nullptr);
    for (LogSource& source : sources) FLINK_RETURN_IF_ERROR(printNew(*client, source).status());
  }
  return kExitOk;
}

}  // namespace flink::cli
