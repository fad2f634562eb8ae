#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"

namespace flink::rest {

/// What a client asked to do with an uploaded job library.
struct JarRunRequest {
  std::string path;        ///< of the library on this host
  std::string name;        ///< its file name
  std::string entryClass;  ///< FLINK_JOB name; empty: the only one
  std::vector<std::string> arguments;
  std::optional<int> parallelism;
  std::map<std::string, std::string> configuration;
};

/// Runs a library's program in a flink-program process; wired by apps.
/// Thread: any; the callbacks run on any thread.
class JarRunner {
 public:
  virtual ~JarRunner() = default;
  /// The FLINK_JOB names in a library's file; empty when it cannot be read. Runs none of its code.
  virtual std::vector<std::string> entries(const std::string& path) = 0;
  /// The program's first graph, not submitted.
  virtual void plan(JarRunRequest request,
                    std::function<void(Result<protocol::JobGraph>)> done) = 0;
  /// Answers with the first job's id once it is submitted; the program goes on detached.
  virtual void run(JarRunRequest request, std::function<void(Result<JobId>)> done) = 0;
};

}  // namespace flink::rest
