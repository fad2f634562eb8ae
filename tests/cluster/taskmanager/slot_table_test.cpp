#include "cluster/taskmanager/slot_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"

namespace flink::taskmanager {
namespace {

JobId jobNumber(std::uint8_t n) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = n;
  return JobId(bytes);
}

std::vector<protocol::TaskDeploymentDescriptor> tasksInSlots(const JobId& job,
                                                             std::initializer_list<int> slots) {
  std::vector<protocol::TaskDeploymentDescriptor> tasks;
  for (const int slot : slots) {
    protocol::TaskDeploymentDescriptor task;
    task.attempt.job = job;
    task.attempt.subtask = static_cast<std::int32_t>(tasks.size());
    task.slot = slot;
    tasks.push_back(task);
  }
  return tasks;
}

const protocol::ResourceProfile kTotal{4.0, 400, 40, 4001, 402};

TEST(SlotTableTest, TakenSlotsHaveWhatTheirTasksName) {
  SlotTable table(4, kTotal);
  EXPECT_EQ(table.free(), kTotal);
  auto tasks = tasksInSlots(jobNumber(1), {2, 2, 3});
  for (auto& task : tasks) task.resource = {1.5, 100, 10, 3000, 200};
  ASSERT_TRUE(table.occupy(jobNumber(1), tasks).isOk());
  EXPECT_EQ(table.resourceOf(2), tasks[0].resource);
  EXPECT_EQ(table.free(), (protocol::ResourceProfile{1.0, 200, 20, 0, 2})) << "never below none";
  EXPECT_EQ(table.allocated()[0].resource, tasks[0].resource);
  table.release(jobNumber(1));
  EXPECT_EQ(table.free(), kTotal);
}

TEST(SlotTableTest, SlotsOfOneJobHoldSeveralTasks) {
  SlotTable table(4, kTotal);
  ASSERT_TRUE(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {0, 0, 1})).isOk());
  EXPECT_EQ(table.numFree(), 2);
  EXPECT_EQ(table.numTasks(), 3);
  table.taskEnded(jobNumber(1), 0);
  EXPECT_EQ(table.numTasks(), 2);
  const auto allocated = table.allocated();
  ASSERT_EQ(allocated.size(), 2U);
  EXPECT_EQ(allocated[0].job, jobNumber(1));
  EXPECT_EQ(allocated[0].assignedTasks, 1);
}

TEST(SlotTableTest, RefusesAnotherJobsSlotAndTakesNothing) {
  SlotTable table(2, kTotal);
  ASSERT_TRUE(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {1})).isOk());
  const Status refused = table.occupy(jobNumber(2), tasksInSlots(jobNumber(2), {0, 1}));
  EXPECT_EQ(refused.code(), ErrorCode::kSlotOccupied);
  EXPECT_EQ(table.numFree(), 1);
}

TEST(SlotTableTest, SlotWhoseTasksHaveEndedMayBeGivenToAnotherJob) {
  SlotTable table(1, kTotal);
  ASSERT_TRUE(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {0})).isOk());
  table.taskEnded(jobNumber(1), 0);
  EXPECT_TRUE(table.occupy(jobNumber(2), tasksInSlots(jobNumber(2), {0})).isOk());
  table.release(jobNumber(1));
  EXPECT_EQ(table.numFree(), 0);
  EXPECT_EQ(table.numTasks(), 1);
}

TEST(SlotTableTest, RefusesSlotsThatDoNotExist) {
  SlotTable table(2, kTotal);
  EXPECT_EQ(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {2})).code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {-1})).code(),
            ErrorCode::kInvalidArgument);
}

TEST(SlotTableTest, ReleaseFreesAllSlotsOfTheJobOnly) {
  SlotTable table(3, kTotal);
  ASSERT_TRUE(table.occupy(jobNumber(1), tasksInSlots(jobNumber(1), {0, 1})).isOk());
  ASSERT_TRUE(table.occupy(jobNumber(2), tasksInSlots(jobNumber(2), {2})).isOk());
  table.release(jobNumber(1));
  EXPECT_EQ(table.numFree(), 2);
  table.taskEnded(jobNumber(1), 0);  // late
  EXPECT_EQ(table.numTasks(), 1);
}

}  // namespace
}  // namespace flink::taskmanager
