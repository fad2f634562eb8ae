#pragma once

#include <functional>

#include "cluster/jobmanager/resource_manager.h"
#include "cluster/jobmanager/settings.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/metrics/registry.h"

namespace flink::jobmanager {

/// What everything that leads jobs works with; borrowed from the JobManager, outlives them all.
struct JobServices {
  const JobManagerSettings& settings;
  EventLoop& loop;
  const Clock& clock;
  Rng& rng;
  ResourceManager& resources;
  metrics::MetricGroup& metricGroup;
  ResourceManager::Publish publish;
  Epoch epoch = Epoch::kNone;  ///< of this JobManager
  FileSystem& files;
  /// Runs work that waits for the disk off the loop.
  std::function<void(std::function<void()>)> runBlocking;
};

}  // namespace flink::jobmanager
