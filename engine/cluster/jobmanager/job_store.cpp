#include "cluster/jobmanager/job_store.h"

#include <algorithm>
#include <utility>

namespace flink::jobmanager {
namespace {

/// About what the archive of one job takes; texts and subtasks are what grows.
std::int64_t estimateBytes(const ArchivedJob& job) {
  std::size_t bytes =
      sizeof(ArchivedJob) + job.details.planJson.size() + job.details.streamGraphJson.size();
  for (const auto& vertex : job.details.vertices) {
    bytes += sizeof(vertex) + vertex.name.size();
    for (const auto& subtask : vertex.subtasks) {
      bytes += sizeof(subtask) + subtask.endpoint.size() + subtask.host.size() +
               subtask.taskManager.text().size();
      if (subtask.failure)
        bytes += subtask.failure->stackTrace.size() + subtask.failure->message.size();
    }
  }
  for (const auto& entry : job.details.exceptions) {
    bytes += sizeof(entry) + entry.failure.stackTrace.size();
    for (const auto& concurrent : entry.concurrent)
      bytes += sizeof(concurrent) + concurrent.failure.stackTrace.size();
  }
  for (const auto& [key, value] : job.details.configuration) bytes += key.size() + value.size();
  for (const auto& [name, value] : job.result.accumulators) bytes += name.size() + value.size();
  return static_cast<std::int64_t>(bytes) + job.collected->bytes();
}

}  // namespace

JobStore::~JobStore() {
  loop_.cancel(timer_);
}

void JobStore::put(ArchivedJob job) {
  const JobId id = job.result.id;
  const auto status = job.result.status;
  if (status == protocol::JobStatus::kFinished) ++totals_.finished;
  if (status == protocol::JobStatus::kCanceled) ++totals_.cancelled;
  if (status == protocol::JobStatus::kFailed) ++totals_.failed;
  const std::int64_t bytes = estimateBytes(job);
  jobs_.push_back({std::move(job), bytes, clock_.now()});
  byId_.emplace(id, std::prev(jobs_.end()));
  bytes_ += bytes;
  // The newest stays in any case of memory, so that its client gets its result.
  while (jobs_.size() > options_.maxCapacity || (bytes_ > options_.maxBytes && jobs_.size() > 1))
    removeOldest();
  scheduleExpiry();
}

void JobStore::removeOldest() {
  bytes_ -= jobs_.front().bytes;
  byId_.erase(jobs_.front().job.result.id);
  jobs_.pop_front();
}

void JobStore::scheduleExpiry() {
  if (timer_ != EventLoop::TimerId::kNone || jobs_.empty()) return;
  const Duration left = jobs_.front().since + options_.expiration - clock_.now();
  timer_ = loop_.schedule(std::max<Duration>(std::chrono::seconds(1), left), [this] { expire(); });
}

void JobStore::expire() {
  timer_ = EventLoop::TimerId::kNone;
  while (!jobs_.empty() && clock_.now() - jobs_.front().since >= options_.expiration)
    removeOldest();
  scheduleExpiry();
}

ArchivedJob* JobStore::find(const JobId& id) {
  const auto found = byId_.find(id);
  return found == byId_.end() ? nullptr : &found->second->job;
}

const ArchivedJob* JobStore::find(const JobId& id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? nullptr : &found->second->job;
}

std::vector<protocol::JobOverview> JobStore::overviews() const {
  std::vector<protocol::JobOverview> result;
  result.reserve(jobs_.size());
  for (const Entry& entry : jobs_) result.push_back(entry.job.details.overview);
  return result;
}

void JobStore::addLibraries(std::set<BlobDigest>& libraries) const {
  for (const Entry& entry : jobs_) libraries.insert(entry.job.library);
}

}  // namespace flink::jobmanager
