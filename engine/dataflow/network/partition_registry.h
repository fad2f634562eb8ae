#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/mutex.h"
#include "core/base/stream_transport.h"
#include "dataflow/network/subpartition.h"

namespace flink::network {

/// Finds partitions for consumers; a request that comes before its partition waits for it.
/// Thread: any.
class PartitionRegistry : public std::enable_shared_from_this<PartitionRegistry> {
 public:
  using OnView = std::function<void(Result<std::shared_ptr<SubpartitionView>>)>;
  /// `requestTimeout` bounds how long a request waits.
  PartitionRegistry(StreamTransport& transport, Duration requestTimeout)
      : transport_(transport), requestTimeout_(requestTimeout) {}

  /// Errors: kAlreadyExists.
  Status add(const ResultPartitionId& id, std::shared_ptr<ServedPartition> partition);
  void remove(const ResultPartitionId& id);
  /// Calls `onView` once: now, when the partition is added, or with kPartitionNotFound when the
  /// time is over.
  void request(const ResultPartitionId& id, int subpartition,
               std::weak_ptr<SubpartitionListener> listener, OnView onView);
  /// Releases every partition, answers every waiting request and refuses what comes later.
  void stop(const Status& reason);

 private:
  struct Waiting {
    std::uint64_t number = 0;
    ResultPartitionId id;
    int subpartition = 0;
    std::weak_ptr<SubpartitionListener> listener;
    OnView onView;
  };
  void expire(std::uint64_t number);

  StreamTransport& transport_;
  const Duration requestTimeout_;
  Mutex mutex_;
  std::map<ResultPartitionId, std::shared_ptr<ServedPartition>> partitions_
      FLINK_GUARDED_BY(mutex_);
  std::list<Waiting> waiting_ FLINK_GUARDED_BY(mutex_);
  std::uint64_t nextNumber_ FLINK_GUARDED_BY(mutex_) = 0;
  Status stopped_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::network
