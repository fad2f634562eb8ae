#include "core/memory/memory_model.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"

namespace flink::memory {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Values = std::map<std::string, std::string>;

Result<TaskManagerMemoryModel> taskManager(const Values& values) {
  Values full;
  for (const auto& [key, value] : values) full.emplace("taskmanager." + key, value);
  return deriveTaskManagerMemory(config::Configuration::fromMap(full));
}

Result<JobManagerMemoryModel> jobManager(const Values& values) {
  Values full;
  for (const auto& [key, value] : values) full.emplace("jobmanager." + key, value);
  return deriveJobManagerMemory(config::Configuration::fromMap(full));
}

std::string taskManagerError(const Values& values) {
  const Status status = taskManager(values).status();
  EXPECT_FALSE(status.isOk());
  if (status.isOk()) return "";
  EXPECT_EQ(status.code(), ErrorCode::kIllegalMemoryConfiguration);
  return status.message();
}

std::string jobManagerError(const Values& values) {
  const Status status = jobManager(values).status();
  EXPECT_FALSE(status.isOk());
  return status.isOk() ? "" : status.message();
}

TEST(TaskManagerMemoryTest, ShippedDefault) {
  const auto memory = taskManager({{"memory.process.size", "1728m"}});
  ASSERT_TRUE(memory.isOk()) << memory.status().toString();
  EXPECT_EQ(memory->totalProcess, 1811939328);
  EXPECT_EQ(memory->totalFlink, 1342177280);
  EXPECT_EQ(memory->frameworkHeap, 134217728);
  EXPECT_EQ(memory->frameworkOffHeap, 134217728);
  EXPECT_EQ(memory->taskHeap, 402653174);
  EXPECT_EQ(memory->taskOffHeap, 0);
  EXPECT_EQ(memory->network, 134217730);
  EXPECT_EQ(memory->managed, 536870920);
  EXPECT_EQ(memory->jvmMetaspace, 268435456);
  EXPECT_EQ(memory->jvmOverhead, 201326592);
  EXPECT_EQ(memory->heap(), 536870902);
  EXPECT_THAT(memory->remarks, SizeIs(1));  // the overhead's minimum
}

struct Golden {
  Values values;
  std::int64_t taskHeap, network, managed, jvmOverhead, totalFlink, totalProcess;
};

// Computed with decimal arithmetic of arbitrary precision.
TEST(TaskManagerMemoryTest, EveryWayToConfigure) {
  const Golden kCases[] = {
      {{{"memory.process.size", "4096m"}},
       1530082070,
       359703515,
       1438814063,
       429496736,
       3597035104,
       4294967296},
      {{{"memory.process.size", "6g"}},
       2496449696,
       552977046,
       2211908186,
       644245104,
       5529770384,
       6442450944},
      {{{"memory.process.size", "20g"}},
       9797893994,
       2013265950,
       8053063800,
       1073741824,
       20132659200,
       21474836480},
      {{{"memory.flink.size", "3.5g"}},
       1610612708,
       375809644,
       1503238576,
       447392434,
       3758096384,
       4473924274},
      {{{"memory.flink.size", "3.5g"}, {"memory.process.size", "4g"}},
       1610612708,
       375809644,
       1503238576,
       268435456,
       3758096384,
       4294967296},
      {{{"memory.flink.size", "1280m"}, {"memory.managed.size", "256m"}},
       671088638,
       134217730,
       268435456,
       201326592,
       1342177280,
       1811939328},
      {{{"memory.flink.size", "2g"}, {"memory.task.heap.size", "800m"}},
       838860800,
       181193920,
       858993472,
       268435460,
       2147483648,
       2684354564},
      {{{"memory.task.heap.size", "1g"}, {"memory.managed.size", "1.5g"}},
       1073741824,
       328087784,
       1610612736,
       394368146,
       3280877800,
       3943681402},
      {{{"memory.task.heap.size", "512m"}, {"memory.managed.size", "0"}},
       536870912,
       89478486,
       0,
       201326592,
       894784854,
       1364546902},
      {{{"memory.task.heap.size", "1g"},
        {"memory.managed.size", "512m"},
        {"memory.flink.size", "2g"}},
       1073741824,
       268435456,
       536870912,
       268435460,
       2147483648,
       2684354564},
      {{{"memory.process.size", "4g"},
        {"memory.network.max", "256m"},
        {"memory.managed.fraction", "0.33"}},
       1873142561,
       268435456,
       1187021631,
       429496736,
       3597035104,
       4294967296},
  };
  for (const Golden& golden : kCases) {
    const auto memory = taskManager(golden.values);
    ASSERT_TRUE(memory.isOk()) << memory.status().toString();
    EXPECT_EQ(memory->taskHeap, golden.taskHeap);
    EXPECT_EQ(memory->network, golden.network);
    EXPECT_EQ(memory->managed, golden.managed);
    EXPECT_EQ(memory->jvmOverhead, golden.jvmOverhead);
    EXPECT_EQ(memory->totalFlink, golden.totalFlink);
    EXPECT_EQ(memory->totalProcess, golden.totalProcess);
  }
}

TEST(TaskManagerMemoryTest, OldKeysStillSize) {
  EXPECT_EQ(
      taskManager({{"memory.process.size", "4g"}, {"network.memory.fraction", "0.2"}})->network,
      719407031);
  const auto buffers =
      taskManager({{"memory.process.size", "4g"}, {"network.numberOfBuffers", "8192"}});
  EXPECT_EQ(buffers->network, 268435456);
  const auto both = taskManager({{"memory.process.size", "4g"},
                                 {"network.numberOfBuffers", "8192"},
                                 {"network.memory.min", "128m"}});
  EXPECT_EQ(both->network, 359703515);
}

TEST(TaskManagerMemoryTest, ErrorsInFlinksWords) {
  EXPECT_EQ(taskManagerError({}),
            "Either required fine-grained memory (taskmanager.memory.task.heap.size and "
            "taskmanager.memory.managed.size), "
            "or Total Flink Memory size (Key: 'taskmanager.memory.flink.size' , default: null "
            "(fallback keys: [])), or "
            "Total Process Memory size (Key: 'taskmanager.memory.process.size' , default: null "
            "(fallback keys: [])) need "
            "to be configured explicitly.");
  EXPECT_EQ(taskManagerError({{"memory.process.size", "400m"}}),
            "Sum of configured JVM Metaspace (256.000mb (268435456 bytes)) and JVM Overhead "
            "(192.000mb (201326592 "
            "bytes)) exceed configured Total Process Memory (400.000mb (419430400 bytes)).");
  EXPECT_EQ(taskManagerError({{"memory.process.size", "1g"}, {"memory.flink.size", "900m"}}),
            "The configured Total Process Memory size (1024.000mb (1073741824 bytes)) is less than "
            "the sum of the "
            "derived Total Flink Memory size (900.000mb (943718400 bytes)) and the configured or "
            "default JVM Metaspace "
            "size  (256.000mb (268435456 bytes)).");
  EXPECT_EQ(taskManagerError({{"memory.process.size", "4g"}, {"memory.flink.size", "2g"}}),
            "Derived JVM Overhead size (1.750gb (1879048192 bytes)) is not in configured JVM "
            "Overhead range [192.000mb "
            "(201326592 bytes), 1024.000mb (1073741824 bytes)].");
  EXPECT_EQ(taskManagerError({{"memory.flink.size", "512m"}, {"memory.managed.size", "300m"}}),
            "Sum of configured Framework Heap Memory (128.000mb (134217728 bytes)), Framework "
            "Off-Heap Memory (128.000mb "
            "(134217728 bytes)), Task Off-Heap Memory (0 bytes), Managed Memory (300.000mb "
            "(314572800 bytes)) and "
            "Network Memory (64.000mb (67108864 bytes)) exceed configured Total Flink Memory "
            "(512.000mb (536870912 "
            "bytes)).");
  EXPECT_EQ(taskManagerError({{"memory.flink.size", "512m"}, {"memory.task.heap.size", "400m"}}),
            "Sum of configured Framework Heap Memory (128.000mb (134217728 bytes)), Framework "
            "Off-Heap Memory (128.000mb "
            "(134217728 bytes)), Task Heap Memory (400.000mb (419430400 bytes)), Task Off-Heap "
            "Memory (0 bytes) and "
            "Managed Memory (204.800mb (214748368 bytes)) exceed configured Total Flink Memory "
            "(512.000mb (536870912 "
            "bytes)).");
  EXPECT_EQ(taskManagerError({{"memory.process.size", "4g"},
                              {"memory.network.min", "1g"},
                              {"memory.network.max", "64m"}}),
            "Inconsistently configured Key: 'taskmanager.memory.network.fraction' , default: 0.1 "
            "(fallback keys: "
            "[{key=taskmanager.network.memory.fraction, isDeprecated=true}]) (0.10000000149011612) "
            "and its min "
            "(1024.000mb (1073741824 bytes)), max (64.000mb (67108864 bytes)) value");
  EXPECT_THAT(taskManagerError({{"memory.process.size", "4g"}, {"memory.managed.fraction", "1.5"}}),
              HasSubstr("Inconsistently configured Key: 'taskmanager.memory.managed.fraction'"));
  EXPECT_EQ(taskManagerError({{"memory.flink.size", "big"}}),
            "Cannot read memory size from config option 'taskmanager.memory.flink.size'.");
}

TEST(TaskManagerMemoryTest, NetworkAsTheRestMustFitItsRange) {
  const Status status = taskManager({{"memory.flink.size", "2g"},
                                     {"memory.task.heap.size", "800m"},
                                     {"memory.network.max", "100m"}})
                            .status();
  ASSERT_FALSE(status.isOk());
  EXPECT_THAT(status.message(),
              HasSubstr("If Total Flink, Task Heap and (or) Managed Memory sizes are explicitly"));
  ASSERT_NE(status.cause(), nullptr);
  EXPECT_EQ(status.cause()->message(),
            "Derived Network Memory size (172.800mb (181193920 bytes)) is not in configured "
            "Network Memory range "
            "[64.000mb (67108864 bytes), 100.000mb (104857600 bytes)].");
}

TEST(TaskManagerMemoryTest, HugeSizesAreRefusedNotWrapped) {
  EXPECT_FALSE(
      taskManager({{"memory.task.heap.size", "9223372036854775807"}, {"memory.managed.size", "1g"}})
          .isOk());
  EXPECT_FALSE(taskManager({{"memory.flink.size", "9223372036854775807"}}).isOk());
}

TEST(JobManagerMemoryTest, ShippedDefaultAndOtherWays) {
  const auto process = jobManager({{"memory.process.size", "1600m"}});
  ASSERT_TRUE(process.isOk()) << process.status().toString();
  EXPECT_EQ(process->heap, 1073741824);
  EXPECT_EQ(process->offHeap, 134217728);
  EXPECT_EQ(process->totalFlink, 1207959552);
  EXPECT_EQ(process->jvmOverhead, 201326592);
  EXPECT_EQ(process->totalProcess, 1677721600);

  const auto flink = jobManager({{"memory.flink.size", "1280m"}});
  EXPECT_EQ(flink->heap, (1280 - 128) << 20);
  EXPECT_EQ(flink->totalProcess, (1280 + 256 + 192) << 20);

  const auto heap = jobManager({{"memory.heap.size", "1g"}});
  EXPECT_EQ(heap->totalFlink, 1152 << 20);
  EXPECT_THAT(jobManager({{"memory.heap.size", "4g"}})->remarks, IsEmpty());

  const auto rest = jobManager({{"memory.heap.size", "1g"}, {"memory.flink.size", "1200m"}});
  EXPECT_EQ(rest->offHeap, 176 << 20);
}

TEST(JobManagerMemoryTest, SmallHeapIsRemarked) {
  const auto memory = jobManager({{"memory.heap.size", "40m"}});
  ASSERT_TRUE(memory.isOk());
  EXPECT_THAT(memory->remarks, SizeIs(3));  // heap minimum, job store cache, overhead minimum
}

TEST(JobManagerMemoryTest, ErrorsInFlinksWords) {
  EXPECT_THAT(jobManagerError({}),
              HasSubstr("Either required fine-grained memory (jobmanager.memory.heap.size), or"));
  EXPECT_EQ(jobManagerError({{"memory.flink.size", "100m"}}),
            "The configured Total Flink Memory (100.000mb (104857600 bytes)) is less than the "
            "configured Off-heap Memory "
            "(128.000mb (134217728 bytes)).");
  EXPECT_EQ(jobManagerError({{"memory.heap.size", "1g"},
                             {"memory.off-heap.size", "100m"},
                             {"memory.flink.size", "1g"}}),
            "Sum of the configured JVM Heap Memory (1024.000mb (1073741824 bytes)) and the "
            "configured Off-heap Memory "
            "(100.000mb (104857600 bytes)) does not match the configured Total Flink Memory "
            "(1024.000mb (1073741824 "
            "bytes)). Please, make the configuration consistent or configure only one option: "
            "either JVM Heap or Total "
            "Flink Memory.");
  EXPECT_THAT(jobManagerError({{"memory.heap.size", "2g"}, {"memory.flink.size", "1g"}}),
              HasSubstr("exceeds the configured Total Flink Memory"));
}

}  // namespace
}  // namespace flink::memory
