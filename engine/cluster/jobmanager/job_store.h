#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "cluster/jobmanager/collect_buffer.h"
#include "cluster/protocol/cluster_view.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "dataflow/checkpoint/settings.h"
#include "dataflow/checkpoint/statistics.h"

namespace flink::jobmanager {

/// What is left of a job that has ended.
struct ArchivedJob {
  protocol::JobDetails details;
  protocol::JobResult result;
  std::unique_ptr<CollectBuffers> collected;  ///< records that the client has not taken yet
  BlobDigest library;
  checkpoint::CheckpointHistory checkpoints;
  checkpoint::CheckpointSettings checkpointSettings;
};

/// Keeps ended jobs for a time: at most `maxCapacity`, at most `maxBytes` of memory, at most
/// `expiration` long. The oldest leaves first. Thread: the JobManager's event loop.
class JobStore {
 public:
  struct Options {
    std::size_t maxCapacity = SIZE_MAX;
    std::int64_t maxBytes = 50LL << 20;
    Duration expiration = std::chrono::hours(1);
  };
  JobStore(Options options, EventLoop& loop, const Clock& clock)
      : options_(options), loop_(loop), clock_(clock) {}
  ~JobStore();
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  void put(ArchivedJob job);
  /// nullptr when it is not (or no longer) here. Valid until the next put() or turn of the loop.
  [[nodiscard]] ArchivedJob* find(const JobId& id);
  [[nodiscard]] const ArchivedJob* find(const JobId& id) const;
  [[nodiscard]] std::vector<protocol::JobOverview> overviews() const;
  /// Adds the libraries of the kept jobs.
  void addLibraries(std::set<BlobDigest>& libraries) const;
  /// How many ended in each way so far, kept or not.
  struct Totals {
    std::int32_t finished = 0, cancelled = 0, failed = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] std::size_t size() const { return jobs_.size(); }

 private:
  struct Entry {
    ArchivedJob job;
    std::int64_t bytes = 0;
    MonotonicTime since{};
  };
  void removeOldest();
  void scheduleExpiry();
  void expire();

  const Options options_;
  EventLoop& loop_;
  const Clock& clock_;
  std::list<Entry> jobs_;  // oldest first
  std::map<JobId, std::list<Entry>::iterator> byId_;
  std::int64_t bytes_ = 0;
  Totals totals_;
  EventLoop::TimerId timer_ = EventLoop::TimerId::kNone;
};

}  // namespace flink::jobmanager
