#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/cluster_connection.h"
#include "cli/commands.h"
#include "cli/error_report.h"
#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

using Json = nlohmann::ordered_json;
using protocol::JobOverview;
using protocol::JobStatus;

namespace {

bool isScheduled(JobStatus status) {
  return status == JobStatus::kCreated || status == JobStatus::kInitializing;
}

Json overviewDocument(const JobOverview& job) {
  Json tasks = Json::object();
  for (int i = 0; i < protocol::kNumExecutionStates; ++i) {
    if (const int count = job.tasks[static_cast<std::size_t>(i)]; count > 0) {
      tasks[std::string(toString(static_cast<protocol::ExecutionState>(i)))] = count;
    }
  }
  return {{"id", job.id.toHex()},
          {"name", job.name},
          {"state", toString(job.status)},
          {"type", job.type == protocol::JobType::kBatch ? "BATCH" : "STREAMING"},
          {"startTime", utcTime(job.startMs)},
          {"endTime", utcTime(job.endMs)},
          {"durationMs", job.durationMs},
          {"tasks", tasks}};
}

void printGroup(const std::vector<JobOverview>& jobs, const std::string& heading,
                const std::string& none) {
  if (jobs.empty()) {
    std::printf("%s\n", none.c_str());
    return;
  }
  std::printf("%s\n", heading.c_str());
  for (const auto& job : jobs) {
    std::printf("%s : %s : %s (%s)\n", flinkTime(job.startMs).c_str(), job.id.toHex().c_str(),
                job.name.c_str(), std::string(toString(job.status)).c_str());
  }
  std::printf("--------------------------------------------------------------\n");
}

std::vector<JobOverview> select(const std::vector<JobOverview>& jobs, bool (*wanted)(JobStatus)) {
  std::vector<JobOverview> chosen;
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(chosen),
               [&](const auto& job) { return wanted(job.status); });
  std::sort(chosen.begin(), chosen.end(),
            [](const auto& a, const auto& b) { return a.startMs < b.startMs; });
  return chosen;
}

}  // namespace

CommandResult runList(const GlobalOptions& global, const ListOptions& options) {
  const bool table = global.output == OutputFormat::kTable;
  if (table) {
    std::printf("Waiting for response...\n");
    std::fflush(stdout);
  }
  const auto failed = [](const Status& reason) {
    return Status(reason.code(), "Failed to retrieve job list.").causedBy(reason);
  };
  auto client = connectCluster(global);
  if (!client) return failed(client.status());
  auto answer = (*client)->call(protocol::ListJobsRequest{});
  if (!answer) return failed(answer.status());

  const bool both = !options.running && !options.scheduled;
  const auto running =
      select(answer->jobs, [](JobStatus s) { return !isGloballyTerminal(s) && !isScheduled(s); });
  const auto scheduled = select(answer->jobs, isScheduled);
  const auto terminated = select(answer->jobs, protocol::isGloballyTerminal);
  if (!table) {
    Json items = Json::array();
    const auto add = [&](const auto& jobs) {
      for (const auto& job : jobs) items.push_back(overviewDocument(job));
    };
    if (both || options.running || options.all) add(running);
    if (both || options.scheduled || options.all) add(scheduled);
    if (options.all) add(terminated);
    printDocument(global.output, "JobList", {{"items", items}});
    return kExitOk;
  }
  if (both || options.running || options.all) {
    printGroup(running, "------------------ Running/Restarting Jobs -------------------",
               "No running jobs.");
  }
  if (both || options.scheduled || options.all) {
    printGroup(scheduled, "----------------------- Scheduled Jobs -----------------------",
               "No scheduled jobs.");
  }
  if (options.all && !terminated.empty()) {
    printGroup(terminated, "---------------------- Terminated Jobs -----------------------",
               "No terminated jobs.");
  }
  return kExitOk;
}

namespace {

Json vertexDocument(const protocol::VertexView& vertex) {
  protocol::TaskIoMetrics io;
  std::map<std::string, int> states;
  for (const auto& subtask : vertex.subtasks) {
    io.recordsIn += subtask.io.recordsIn;
    io.recordsOut += subtask.io.recordsOut;
    io.bytesIn += subtask.io.bytesIn;
    io.bytesOut += subtask.io.bytesOut;
    io.backPressuredMsPerSecond =
        std::max(io.backPressuredMsPerSecond, subtask.io.backPressuredMsPerSecond);
    io.busyMsPerSecond = std::max(io.busyMsPerSecond, subtask.io.busyMsPerSecond);
    ++states[std::string(toString(subtask.state))];
  }
  return {{"id", vertex.id.toHex()},
          {"name", vertex.name},
          {"parallelism", vertex.parallelism},
          {"maxParallelism", vertex.maxParallelism},
          {"states", states},
          {"recordsIn", io.recordsIn},
          {"recordsOut", io.recordsOut},
          {"bytesIn", io.bytesIn},
          {"bytesOut", io.bytesOut},
          {"backPressuredMsPerSecondMax", io.backPressuredMsPerSecond},
          {"busyMsPerSecondMax", io.busyMsPerSecond}};
}

std::string stateSummary(const Json& states) {
  std::string text;
  for (const auto& [state, count] : states.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<int>(), state);
  }
  return text;
}

Json exceptionDocument(const protocol::ExceptionEntry& entry) {
  return {{"code", entry.failure.errorId},    {"exception", entry.failure.exceptionName},
          {"message", entry.failure.message}, {"time", utcTime(entry.failure.timestampMs)},
          {"task", entry.taskName},           {"taskManager", entry.taskManagerId}};
}

void printJob(const GlobalOptions& global, const protocol::JobDetails& job, const Json& vertices) {
  const std::string state(toString(job.overview.status));
  std::printf(
      "Job       %s\nName      %s\nState     %s\nType      %s\nStarted   %s\nDuration  %s\n",
      job.overview.id.toHex().c_str(), job.overview.name.c_str(),
      colored(state, stateColor(state), STDOUT_FILENO, global).c_str(),
      job.overview.type == protocol::JobType::kBatch ? "BATCH" : "STREAMING",
      utcTime(job.overview.startMs).c_str(), humanDuration(job.overview.durationMs).c_str());
  if (!job.statusMessage.empty()) std::printf("Note      %s\n", job.statusMessage.c_str());
  Table table(
      {"VERTEX", "PARALLELISM", "TASKS", "RECORDS IN", "RECORDS OUT", "BUSY", "BACKPRESSURED"});
  for (const Json& vertex : vertices) {
    table.addRow(
        {vertex["name"], std::to_string(vertex["parallelism"].get<int>()),
         stateSummary(vertex["states"]), vertex["recordsIn"].dump(), vertex["recordsOut"].dump(),
         fmt::format("{:.0f} %", vertex["busyMsPerSecondMax"].get<double>() / 10),
         fmt::format("{:.0f} %", vertex["backPressuredMsPerSecondMax"].get<double>() / 10)});
  }
  std::printf("\n%s", table.toString().c_str());
  if (!job.exceptions.empty()) {
    const auto& root = job.exceptions.front();
    std::printf("\nRoot cause (%s%s%s):\n%s\n", utcTime(root.failure.timestampMs).c_str(),
                root.taskName.empty() ? "" : ", ", root.taskName.c_str(),
                root.failure.stackTrace.c_str());
  }
}

}  // namespace

CommandResult runJobDescribe(const GlobalOptions& global, const JobOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "describe"));
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const protocol::JobDetails job, client->call(protocol::GetJobRequest{id}));
  Json vertices = Json::array();
  for (const auto& vertex : job.vertices) vertices.push_back(vertexDocument(vertex));
  if (global.output == OutputFormat::kTable) {
    printJob(global, job, vertices);
    return kExitOk;
  }
  Json document = overviewDocument(job.overview);
  document["statusMessage"] = job.statusMessage;
  document["vertices"] = vertices;
  Json exceptions = Json::array();
  for (const auto& entry : job.exceptions) exceptions.push_back(exceptionDocument(entry));
  document["exceptions"] = exceptions;
  document["configuration"] = job.configuration;
  printDocument(global.output, "Job", document);
  return kExitOk;
}

CommandResult runJobExceptions(const GlobalOptions& global, const JobOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "show the exceptions of"));
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const protocol::JobDetails job, client->call(protocol::GetJobRequest{id}));
  if (global.output != OutputFormat::kTable) {
    Json items = Json::array();
    for (const auto& root : job.exceptions) {
      Json item = exceptionDocument(root);
      item["stackTrace"] = root.failure.stackTrace;
      item["concurrent"] = Json::array();
      for (const auto& other : root.concurrent)
        item["concurrent"].push_back(exceptionDocument(other));
      items.push_back(std::move(item));
    }
    printDocument(global.output, "JobExceptions",
                  {{"job", id.toHex()}, {"truncated", job.exceptionsTruncated}, {"items", items}});
    return kExitOk;
  }
  if (job.exceptions.empty()) {
    std::printf("Job %s has had no failures.\n", id.toHex().c_str());
    return kExitOk;
  }
  Table table({"TIME", "FAILURE", "CODE", "TASK", "TASKMANAGER", "MESSAGE"});
  const auto add = [&](const protocol::ExceptionEntry& entry, const char* role) {
    const std::string& text = entry.failure.message;
    table.addRow({utcTime(entry.failure.timestampMs), role, entry.failure.errorId,
                  entry.taskName.empty() ? "(whole job)" : entry.taskName, entry.taskManagerId,
                  text.substr(0, text.find('\n'))});
  };
  for (const auto& root : job.exceptions) {
    add(root, "root");
    for (const auto& other : root.concurrent) add(other, "concurrent");
  }
  std::printf("%s%s\nLatest root cause:\n%s\n", table.toString().c_str(),
              job.exceptionsTruncated ? "Older failures are no longer kept.\n" : "",
              job.exceptions.front().failure.stackTrace.c_str());
  return kExitOk;
}

CommandResult runWait(const GlobalOptions& global, const WaitOptions& options) {
  FLINK_ASSIGN_OR_RETURN(const JobId id, parseJobId(options.job, "wait for"));
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  const SystemClock clock;
  const MonotonicTime start = clock.now();
  for (bool asked = false;; asked = true) {
    std::int64_t waitMs = 10'000;
    if (options.timeoutSeconds) {
      const auto passed = std::chrono::duration<double>(clock.now() - start).count();
      waitMs = std::clamp(static_cast<std::int64_t>((*options.timeoutSeconds - passed) * 1000),
                          std::int64_t{0}, waitMs);
      if (waitMs == 0 && asked) {
        return Status(ErrorCode::kDeadlineExceeded,
                      fmt::format("the job has not ended in time: job={} timeout={} s", id.toHex(),
                                  *options.timeoutSeconds));
      }
    }
    FLINK_ASSIGN_OR_RETURN(const auto answer, client->call(protocol::WaitJobRequest{id, waitMs},
                                                           std::chrono::milliseconds(waitMs)));
    if (!answer.result) continue;
    const std::string state(toString(answer.status));
    if (global.output == OutputFormat::kTable) {
      std::printf("Job %s is %s after %s.\n", id.toHex().c_str(), state.c_str(),
                  humanDuration(answer.result->netRuntimeMs).c_str());
    } else {
      printDocument(
          global.output, "JobResult",
          {{"id", id.toHex()}, {"state", state}, {"netRuntimeMs", answer.result->netRuntimeMs}});
    }
    if (answer.status == JobStatus::kFinished) return kExitOk;
    return answer.result->failure ? reportJobFailure(global, *answer.result) : kExitFailed;
  }
}

CommandResult runTaskManagerList(const GlobalOptions& global) {
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const auto answer, client->call(protocol::ListTaskManagersRequest{}));
  if (global.output != OutputFormat::kTable) {
    Json items = Json::array();
    for (const auto& taskManager : answer.taskManagers) {
      items.push_back({{"id", taskManager.id.text()},
                       {"host", taskManager.host},
                       {"pid", taskManager.pid},
                       {"dataPort", taskManager.dataPort},
                       {"slots", taskManager.slots},
                       {"freeSlots", taskManager.freeSlots},
                       {"assignedTasks", taskManager.assignedTasks},
                       {"lastHeartbeat", utcTime(taskManager.lastHeartbeatMs)},
                       {"totalProcessMemoryBytes", taskManager.memory.totalProcess}});
    }
    printDocument(global.output, "TaskManagerList", {{"items", items}});
    return kExitOk;
  }
  Table table({"ID", "HOST", "PID", "DATA PORT", "SLOTS", "FREE", "TASKS", "LAST HEARTBEAT"});
  for (const auto& taskManager : answer.taskManagers) {
    table.addRow({taskManager.id.text(), taskManager.host, std::to_string(taskManager.pid),
                  std::to_string(taskManager.dataPort), std::to_string(taskManager.slots),
                  std::to_string(taskManager.freeSlots), std::to_string(taskManager.assignedTasks),
                  utcTime(taskManager.lastHeartbeatMs)});
  }
  std::printf("%s", answer.taskManagers.empty() ? "No TaskManagers are registered.\n"
                                                : table.toString().c_str());
  return kExitOk;
}

}  // namespace flink::cli
