#include "dataflow/network/partition_registry.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/base/error_codes.h"

namespace flink::network {

Status PartitionRegistry::add(const ResultPartitionId& id,
                              std::shared_ptr<ServedPartition> partition) {
  std::vector<Waiting> served;
  {
    MutexLock lock(mutex_);
    if (!stopped_.isOk()) return stopped_;
    if (!partitions_.emplace(id, partition).second) {
      return Status(ErrorCode::kAlreadyExists,
                    fmt::format("partition exists already: partition={}", id.toString()));
    }
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (it->id == id) {
        served.push_back(std::move(*it));
        it = waiting_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (Waiting& request : served)
    request.onView(partition->createView(request.subpartition, std::move(request.listener)));
  return Status::ok();
}

void PartitionRegistry::remove(const ResultPartitionId& id) {
  std::shared_ptr<ServedPartition> removed;  // destroyed after the lock
  MutexLock lock(mutex_);
  const auto it = partitions_.find(id);
  if (it == partitions_.end()) return;
  removed = std::move(it->second);
  partitions_.erase(it);
}

void PartitionRegistry::request(const ResultPartitionId& id, int subpartition,
                                std::weak_ptr<SubpartitionListener> listener, OnView onView) {
  std::shared_ptr<ServedPartition> partition;
  Status refused;
  std::uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    if (!stopped_.isOk()) {
      refused = stopped_;
    } else if (const auto it = partitions_.find(id); it != partitions_.end()) {
      partition = it->second;
    } else {
      number = nextNumber_++;
      waiting_.push_back({number, id, subpartition, std::move(listener), std::move(onView)});
    }
  }
  if (!refused.isOk()) {
    onView(std::move(refused));
  } else if (partition != nullptr) {
    onView(partition->createView(subpartition, std::move(listener)));
  } else {
    transport_.schedule(requestTimeout_, [weak = weak_from_this(), number] {
      if (const auto self = weak.lock()) self->expire(number);
    });
  }
}

void PartitionRegistry::expire(std::uint64_t number) {
  Waiting expired;
  {
    MutexLock lock(mutex_);
    auto it = waiting_.begin();
    while (it != waiting_.end() && it->number != number) ++it;
    if (it == waiting_.end()) return;
    expired = std::move(*it);
    waiting_.erase(it);
  }
  expired.onView(Status(
      ErrorCode::kPartitionNotFound,
      fmt::format("partition did not appear in time: partition={} timeoutMs={}",
                  expired.id.toString(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(requestTimeout_).count())));
}

void PartitionRegistry::stop(const Status& reason) {
  std::map<ResultPartitionId, std::shared_ptr<ServedPartition>> partitions;
  std::list<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    stopped_ = reason;
    partitions.swap(partitions_);
    waiting.swap(waiting_);
  }
  for (const auto& [id, partition] : partitions) partition->release(reason);
  for (const Waiting& request : waiting) request.onView(reason);
}

}  // namespace flink::network
