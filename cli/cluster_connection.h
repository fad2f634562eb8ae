#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cluster/control/client.h"
#include "cluster/protocol/messages.h"

namespace flink::cli {

/// A cluster's JobManager, as commands call it.
class ClusterConnection {
 public:
  ClusterConnection(std::unique_ptr<control::ClusterClient> client, std::string address,
                    Duration timeout)
      : client_(std::move(client)), address_(std::move(address)), timeout_(timeout) {}

  /// Waits for client.timeout, and for `patience` on top where the JobManager itself waits.
  template <class Request>
  Result<typename Request::Response> call(const Request& request, Duration patience = {}) {
    return client_->call(request, timeout_ + patience);
  }
  Result<BlobDigest> uploadFile(const std::string& path) {
    return client_->uploadFile(path, nullptr);
  }
  [[nodiscard]] const std::string& address() const { return address_; }
  /// client.timeout
  [[nodiscard]] Duration timeout() const { return timeout_; }

 private:
  std::unique_ptr<control::ClusterClient> client_;
  std::string address_;
  Duration timeout_;
};

/// Connects to -m, else where the record of a started cluster or else the configuration says, and
/// makes sure that a JobManager answers; without -m it has to be the one of the configuration
/// directory. Errors: kClusterUnreachable.
Result<std::unique_ptr<ClusterConnection>> connectCluster(const GlobalOptions& global);
/// Parses a job id as given on the command line. Errors: kUsage in Flink's words.
Result<JobId> parseJobId(const std::string& text, const std::string& verb);

}  // namespace flink::cli
