#include "core/memory/memory_model.h"

#include <limits>

#include <fmt/format.h>

#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/memory/process_memory.h"

namespace flink::memory {
namespace {

using namespace config;  // the options' names

constexpr ProcessMemoryOptions kTaskManagerOptions{
    kTaskmanagerMemoryProcessSize,      kTaskmanagerMemoryFlinkSize,
    kTaskmanagerMemoryJvmMetaspaceSize, kTaskmanagerMemoryJvmOverheadMin,
    kTaskmanagerMemoryJvmOverheadMax,   kTaskmanagerMemoryJvmOverheadFraction};
constexpr ProcessMemoryOptions kJobManagerOptions{
    kJobmanagerMemoryProcessSize,      kJobmanagerMemoryFlinkSize,
    kJobmanagerMemoryJvmMetaspaceSize, kJobmanagerMemoryJvmOverheadMin,
    kJobmanagerMemoryJvmOverheadMax,   kJobmanagerMemoryJvmOverheadFraction};
constexpr std::int64_t kJobManagerMinHeap = mebibytes(128).bytes;

/// Divides a TaskManager's total Flink memory.
class TaskManagerDerivation {
 public:
  explicit TaskManagerDerivation(const Configuration& configuration)
      : base_(configuration, kTaskManagerOptions) {}

  Result<TaskManagerMemoryModel> derive() {
    FLINK_ASSIGN_OR_RETURN(memory_.frameworkHeap, base_.size(kTaskmanagerMemoryFrameworkHeapSize));
    FLINK_ASSIGN_OR_RETURN(memory_.frameworkOffHeap,
                           base_.size(kTaskmanagerMemoryFrameworkOffHeapSize));
    FLINK_ASSIGN_OR_RETURN(memory_.taskOffHeap, base_.size(kTaskmanagerMemoryTaskOffHeapSize));
    MetaspaceAndOverhead beside;
    if (base_.isSet(kTaskmanagerMemoryTaskHeapSize) && base_.isSet(kTaskmanagerMemoryManagedSize)) {
      FLINK_RETURN_IF_ERROR(fromFineGrained());
      FLINK_ASSIGN_OR_RETURN(beside, base_.fromTotalFlink(memory_.totalFlink));
    } else if (base_.isSet(kTaskmanagerMemoryFlinkSize)) {
      FLINK_ASSIGN_OR_RETURN(memory_.totalFlink, base_.size(kTaskmanagerMemoryFlinkSize));
      FLINK_RETURN_IF_ERROR(fromTotalFlink());
      FLINK_ASSIGN_OR_RETURN(beside, base_.fromTotalFlink(memory_.totalFlink));
    } else if (base_.isSet(kTaskmanagerMemoryProcessSize)) {
      FLINK_ASSIGN_OR_RETURN(std::int64_t process, base_.size(kTaskmanagerMemoryProcessSize));
      FLINK_ASSIGN_OR_RETURN(beside, base_.fromTotalProcess(process));
      memory_.totalFlink = process - beside.metaspace - beside.overhead;
      FLINK_RETURN_IF_ERROR(fromTotalFlink());
    } else {
      return base_.nothingConfigured(
          "taskmanager.memory.task.heap.size and taskmanager.memory.managed.size");
    }
    memory_.jvmMetaspace = beside.metaspace;
    memory_.jvmOverhead = beside.overhead;
    FLINK_ASSIGN_OR_RETURN(memory_.totalProcess,
                           addExactly({memory_.totalFlink, beside.metaspace, beside.overhead}));
    memory_.remarks = base_.takeRemarks();
    return std::move(memory_);
  }

 private:
  Status fromFineGrained() {
    FLINK_ASSIGN_OR_RETURN(memory_.taskHeap, base_.size(kTaskmanagerMemoryTaskHeapSize));
    FLINK_ASSIGN_OR_RETURN(memory_.managed, base_.size(kTaskmanagerMemoryManagedSize));
    if (base_.isSet(kTaskmanagerMemoryFlinkSize)) {
      FLINK_ASSIGN_OR_RETURN(memory_.totalFlink, base_.size(kTaskmanagerMemoryFlinkSize));
      return networkIsTheRest();
    }
    FLINK_ASSIGN_OR_RETURN(std::int64_t others, withoutNetwork());
    if (numberOfBuffersDecides()) {
      FLINK_ASSIGN_OR_RETURN(memory_.network, networkOfNumberOfBuffers());
    } else {
      FLINK_ASSIGN_OR_RETURN(RangeFraction range, networkRange());
      FLINK_ASSIGN_OR_RETURN(memory_.network,
                             base_.withInverseFraction("network memory", others, range));
    }
    FLINK_ASSIGN_OR_RETURN(memory_.totalFlink, addExactly({others, memory_.network}));
    return {};
  }

  Status fromTotalFlink() {
    FLINK_ASSIGN_OR_RETURN(memory_.managed, managed());
    if (base_.isSet(kTaskmanagerMemoryTaskHeapSize)) {
      FLINK_ASSIGN_OR_RETURN(memory_.taskHeap, base_.size(kTaskmanagerMemoryTaskHeapSize));
      return networkIsTheRest();
    }
    if (numberOfBuffersDecides()) {
      FLINK_ASSIGN_OR_RETURN(memory_.network, networkOfNumberOfBuffers());
    } else {
      FLINK_ASSIGN_OR_RETURN(RangeFraction range, networkRange());
      FLINK_ASSIGN_OR_RETURN(memory_.network,
                             base_.withFraction("network memory", memory_.totalFlink, range));
    }
    FLINK_ASSIGN_OR_RETURN(std::int64_t others,
                           addExactly({memory_.frameworkHeap, memory_.frameworkOffHeap,
                                       memory_.taskOffHeap, memory_.managed, memory_.network}));
    if (others > memory_.totalFlink) {
      return illegalMemory(fmt::format(
          "Sum of configured Framework Heap Memory ({}), Framework Off-Heap Memory ({}), Task "
          "Off-Heap Memory ({}), "
          "Managed Memory ({}) and Network Memory ({}) exceed configured Total Flink Memory ({}).",
          text(memory_.frameworkHeap), text(memory_.frameworkOffHeap), text(memory_.taskOffHeap),
          text(memory_.managed), text(memory_.network), text(memory_.totalFlink)));
    }
    memory_.taskHeap = memory_.totalFlink - others;
    return {};
  }

  Status networkIsTheRest() {
    FLINK_ASSIGN_OR_RETURN(std::int64_t others, withoutNetwork());
    if (others > memory_.totalFlink) {
      return illegalMemory(fmt::format(
          "Sum of configured Framework Heap Memory ({}), Framework Off-Heap Memory ({}), Task Heap "
          "Memory ({}), Task "
          "Off-Heap Memory ({}) and Managed Memory ({}) exceed configured Total Flink Memory ({}).",
          text(memory_.frameworkHeap), text(memory_.frameworkOffHeap), text(memory_.taskHeap),
          text(memory_.taskOffHeap), text(memory_.managed), text(memory_.totalFlink)));
    }
    memory_.network = memory_.totalFlink - others;
    Status status = checkNetwork();
    if (status.isOk()) return status;
    return illegalMemory(
               "If Total Flink, Task Heap and (or) Managed Memory sizes are explicitly configured "
               "then the "
               "Network Memory size is the rest of the Total Flink memory after subtracting all "
               "other "
               "configured types of memory, but the derived Network Memory is inconsistent with "
               "its "
               "configuration.")
        .causedBy(std::move(status));
  }

  Status checkNetwork() {
    if (numberOfBuffersDecides()) {
      FLINK_ASSIGN_OR_RETURN(std::int64_t configured, networkOfNumberOfBuffers());
      if (configured == memory_.network) return {};
      return illegalMemory(fmt::format(
          "Derived Network Memory size ({}) does not match configured Network Memory size ({}).",
          text(memory_.network), text(configured)));
    }
    FLINK_ASSIGN_OR_RETURN(RangeFraction range, networkRange());
    if (memory_.network > range.max || memory_.network < range.min) {
      return illegalMemory(fmt::format(
          "Derived Network Memory size ({}) is not in configured Network Memory range [{}, {}].",
          text(memory_.network), text(range.min), text(range.max)));
    }
    if (base_.isSet(kTaskmanagerMemoryNetworkFraction)) {
      FLINK_ASSIGN_OR_RETURN(std::int64_t wanted,
                             multiplyExactly(memory_.totalFlink, range.fraction));
      if (wanted != memory_.network) {
        base_.remark(fmt::format("{} ({}) is not met: the explicit sizes leave {}",
                                 kTaskmanagerMemoryNetworkFraction.key, range.fraction,
                                 text(memory_.network)));
      }
    }
    return {};
  }

  Result<std::int64_t> withoutNetwork() const {
    return addExactly({memory_.frameworkHeap, memory_.frameworkOffHeap, memory_.taskHeap,
                       memory_.taskOffHeap, memory_.managed});
  }

  Result<std::int64_t> managed() {
    if (base_.isSet(kTaskmanagerMemoryManagedSize))
      return base_.size(kTaskmanagerMemoryManagedSize);
    FLINK_ASSIGN_OR_RETURN(RangeFraction range,
                           base_.range(0, std::numeric_limits<std::int64_t>::max(),
                                       kTaskmanagerMemoryManagedFraction));
    return base_.withFraction("managed memory", memory_.totalFlink, range);
  }

  Result<RangeFraction> networkRange() const {
    FLINK_ASSIGN_OR_RETURN(std::int64_t min, base_.size(kTaskmanagerMemoryNetworkMin));
    FLINK_ASSIGN_OR_RETURN(std::int64_t max, base_.size(kTaskmanagerMemoryNetworkMax));
    return base_.range(min, max, kTaskmanagerMemoryNetworkFraction,
                       "taskmanager.network.memory.fraction");
  }

  /// The old key counts only when none of today's is set.
  [[nodiscard]] bool numberOfBuffersDecides() const {
    return base_.isSet(kTaskmanagerNetworkNumberOfBuffers) &&
           !base_.isSet(kTaskmanagerMemoryNetworkMin) &&
           !base_.isSet(kTaskmanagerMemoryNetworkMax) &&
           !base_.isSet(kTaskmanagerMemoryNetworkFraction);
  }

  Result<std::int64_t> networkOfNumberOfBuffers() const {
    FLINK_ASSIGN_OR_RETURN(int buffers,
                           base_.configuration().get(kTaskmanagerNetworkNumberOfBuffers));
    FLINK_ASSIGN_OR_RETURN(std::int64_t segment, base_.size(kTaskmanagerMemorySegmentSize));
    return multiplyExactly(segment, buffers);
  }

  MemoryDerivation base_;
  TaskManagerMemoryModel memory_;
};

/// Heap and off-heap of a JobManager whose heap size is set.
Status fromHeap(MemoryDerivation& base, JobManagerMemoryModel& memory) {
  FLINK_ASSIGN_OR_RETURN(memory.heap, base.size(kJobmanagerMemoryHeapSize));
  FLINK_ASSIGN_OR_RETURN(memory.offHeap, base.size(kJobmanagerMemoryOffHeapSize));
  FLINK_ASSIGN_OR_RETURN(memory.totalFlink, addExactly({memory.heap, memory.offHeap}));
  if (!base.isSet(kJobmanagerMemoryFlinkSize)) return {};
  FLINK_ASSIGN_OR_RETURN(std::int64_t configured, base.size(kJobmanagerMemoryFlinkSize));
  constexpr std::string_view kAdvice =
      "Please, make the configuration consistent or configure only one option: either JVM Heap or "
      "Total Flink Memory.";
  if (base.isSet(kJobmanagerMemoryOffHeapSize)) {
    if (memory.totalFlink != configured) {
      return illegalMemory(fmt::format(
          "Sum of the configured JVM Heap Memory ({}) and the configured Off-heap Memory "
          "({}) does not match the configured Total Flink Memory ({}). {}",
          text(memory.heap), text(memory.offHeap), text(configured), kAdvice));
    }
    return {};
  }
  if (memory.heap > configured) {
    return illegalMemory(
        fmt::format("The configured JVM Heap Memory ({}) exceeds the configured Total Flink Memory "
                    "({}). {}",
                    text(memory.heap), text(configured), kAdvice));
  }
  memory.offHeap = configured - memory.heap;
  memory.totalFlink = configured;
  return {};
}

Status fromTotalFlink(MemoryDerivation& base, JobManagerMemoryModel& memory) {
  FLINK_ASSIGN_OR_RETURN(memory.offHeap, base.size(kJobmanagerMemoryOffHeapSize));
  if (memory.totalFlink <= memory.offHeap) {
    return illegalMemory(fmt::format(
        "The configured Total Flink Memory ({}) is less than the configured Off-heap Memory ({}).",
        text(memory.totalFlink), text(memory.offHeap)));
  }
  memory.heap = memory.totalFlink - memory.offHeap;
  return {};
}

}  // namespace

Result<TaskManagerMemoryModel> deriveTaskManagerMemory(const Configuration& configuration) {
  return TaskManagerDerivation(configuration).derive();
}

Result<JobManagerMemoryModel> deriveJobManagerMemory(const Configuration& configuration) {
  MemoryDerivation base(configuration, kJobManagerOptions);
  JobManagerMemoryModel memory;
  MetaspaceAndOverhead beside;
  if (base.isSet(kJobmanagerMemoryHeapSize)) {
    FLINK_RETURN_IF_ERROR(fromHeap(base, memory));
    FLINK_ASSIGN_OR_RETURN(beside, base.fromTotalFlink(memory.totalFlink));
  } else if (base.isSet(kJobmanagerMemoryFlinkSize)) {
    FLINK_ASSIGN_OR_RETURN(memory.totalFlink, base.size(kJobmanagerMemoryFlinkSize));
    FLINK_RETURN_IF_ERROR(fromTotalFlink(base, memory));
    FLINK_ASSIGN_OR_RETURN(beside, base.fromTotalFlink(memory.totalFlink));
  } else if (base.isSet(kJobmanagerMemoryProcessSize)) {
    FLINK_ASSIGN_OR_RETURN(std::int64_t process, base.size(kJobmanagerMemoryProcessSize));
    FLINK_ASSIGN_OR_RETURN(beside, base.fromTotalProcess(process));
    memory.totalFlink = process - beside.metaspace - beside.overhead;
    FLINK_RETURN_IF_ERROR(fromTotalFlink(base, memory));
  } else {
    return base.nothingConfigured("jobmanager.memory.heap.size");
  }
  memory.jvmMetaspace = beside.metaspace;
  memory.jvmOverhead = beside.overhead;
  FLINK_ASSIGN_OR_RETURN(memory.totalProcess,
                         addExactly({memory.totalFlink, beside.metaspace, beside.overhead}));
  if (memory.heap < kJobManagerMinHeap) {
    base.remark(fmt::format("the heap of the JobManager ({}) is below its recommended minimum ({})",
                            text(memory.heap), text(kJobManagerMinHeap)));
  }
  FLINK_ASSIGN_OR_RETURN(std::int64_t jobStore, base.size(kJobstoreCacheSize));
  if (memory.heap < jobStore) {
    base.remark(
        fmt::format("the heap of the JobManager ({}) is smaller than jobstore.cache-size ({})",
                    text(memory.heap), text(jobStore)));
  }
  memory.remarks = base.takeRemarks();
  return memory;
}

}  // namespace flink::memory
