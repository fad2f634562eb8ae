#include <csignal>
#include <string>
#include <vector>

#include "tests/cluster/taskmanager/task_manager_fixture.h"

/// What the TaskManager and its neighbours must know reaches them, once and in order.
namespace flink::taskmanager {
namespace {

using ::testing::HasSubstr;

TEST_F(TaskManagerTest, WhatTheJobManagerMustKnowArrivesOnceAndInOrderAfterAStall) {
  start();
  const auto request = submission(1, {0, 1});
  ASSERT_TRUE(ask(request).isOk());
  network_.stall("jm");
  std::vector<std::string> sent;
  for (int i = 0; i < 6; ++i) {
    protocol::OperatorEventRequest event;
    event.event.job = request.submission.job;
    event.event.payload = sent.emplace_back("event " + std::to_string(i));
    worker().rpc.call<protocol::OperatorEventRequest>(control::LocalChannel::kPeer, event,
                                                      std::chrono::seconds(10), [](auto&&) {});
    loop_.advance(std::chrono::seconds(6));
  }
  network_.resume("jm");
  loop_.advance(std::chrono::seconds(12));
  std::vector<std::string> arrived;
  for (const auto& event : events_) arrived.push_back(event.payload);
  EXPECT_EQ(arrived, sent);
}

TEST_F(TaskManagerTest, NoReportIsDroppedHoweverManyWait) {
  start();
  const auto request = submission(1, {0, 1});
  ASSERT_TRUE(ask(request).isOk());
  network_.stall("jm");
  constexpr std::size_t kEvents = 12'000;  // more calls than an endpoint keeps pending
  protocol::OperatorEventRequest event;
  event.event.job = request.submission.job;
  for (std::size_t i = 0; i < kEvents; ++i) {
    worker().rpc.call<protocol::OperatorEventRequest>(control::LocalChannel::kPeer, event,
                                                      std::chrono::seconds(10), [](auto&&) {});
    if (i % 100 == 0) loop_.run();
  }
  worker().tellState(request.submission.tasks[0].attempt, protocol::ExecutionState::kFinished);
  loop_.advance(std::chrono::seconds(5));
  network_.resume("jm");
  loop_.advance(std::chrono::seconds(5));
  EXPECT_EQ(events_.size(), kEvents);
  ASSERT_EQ(states_.size(), 1U);
  EXPECT_EQ(states_[0].state, protocol::ExecutionState::kFinished);
}

TEST_F(TaskManagerTest, AJobManagerThatForgotTheStreamIsLostAndRegisteredAtAgain) {
  start();
  const auto request = submission(1, {0});
  ASSERT_TRUE(ask(request).isOk());
  worker().tellState(request.submission.tasks[0].attempt, protocol::ExecutionState::kRunning);
  loop_.run();
  serveTaskManager(Epoch{7});
  worker().tellState(request.submission.tasks[0].attempt, protocol::ExecutionState::kFinished);
  loop_.advance(std::chrono::seconds(30));
  EXPECT_GE(registrations_.size(), 2U);
  EXPECT_TRUE(worker().stopped);
}

TEST_F(TaskManagerTest, TasksForAWorkerThatIsEndingFail) {
  launcher_.startStatus = Status(ErrorCode::kProgramInvalid, "no such file");
  start();
  const auto request = submission(1, {0});
  ASSERT_TRUE(ask(request).isOk());
  ASSERT_EQ(states_.size(), 1U);  // the first one, by the failed start
  auto second = submission(1, {1}, false);
  second.submission.tasks[0].attempt.attempt = 1;
  ASSERT_TRUE(ask(second).isOk());
  ASSERT_EQ(states_.size(), 2U);
  EXPECT_EQ(states_[1].state, protocol::ExecutionState::kFailed);
  EXPECT_EQ(states_[1].attempt.attempt, 1);
  EXPECT_THAT(states_[1].failure->message, HasSubstr("the job's worker is ending"));
  worker().exit(0);
}

TEST_F(TaskManagerTest, AForcedEndIsAnsweredWhenTheWorkerHasEnded) {
  start();
  ASSERT_TRUE(ask(submission(1, {0})).isOk());
  bool answered = false;
  jobManagerRpc_->call<protocol::ReleaseJobRequest>(
      peer_, {testing::idOf<JobId>(1), "forced", true}, std::chrono::seconds(30),
      [&](const auto& answer) { answered = answer.isOk(); });
  loop_.advance(std::chrono::seconds(6));
  EXPECT_THAT(worker().signals, ::testing::Contains(SIGKILL));
  EXPECT_FALSE(answered);
  worker().exit(SIGKILL);
  loop_.run();
  EXPECT_TRUE(answered);
  EXPECT_TRUE(ask(protocol::ReleaseJobRequest{testing::idOf<JobId>(1), "forced", true}).isOk());
}

}  // namespace
}  // namespace flink::taskmanager
