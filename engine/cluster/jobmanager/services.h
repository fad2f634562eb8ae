#pragma once

#include "cluster/jobmanager/resource_manager.h"
#include "cluster/jobmanager/settings.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
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
};

}  // namespace flink::jobmanager
