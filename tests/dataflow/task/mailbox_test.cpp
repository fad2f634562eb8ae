#include "dataflow/task/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/manual_event_loop.h"

namespace flink::task {
namespace {

TEST(MailboxTest, KeepsTheOrderOfEachSender) {
  constexpr int kSenders = 4;
  constexpr int kEach = 20000;
  Mailbox<std::pair<int, int>> mailbox;
  std::vector<std::thread> senders;
  for (int s = 0; s < kSenders; ++s) {
    senders.emplace_back([&mailbox, s] {
      for (int i = 0; i < kEach; ++i) mailbox.put({s, i});
    });
  }
  std::array<int, kSenders> next{};
  int received = 0;
  while (received < kSenders * kEach) {
    received += static_cast<int>(mailbox.drain([&](std::pair<int, int>&& mail) {
      EXPECT_EQ(mail.second, next.at(static_cast<std::size_t>(mail.first))++);
    }));
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_TRUE(mailbox.empty());
  EXPECT_EQ(mailbox.size(), 0U);
}

TEST(MailboxTest, TellsHowLongMailsWaited) {
  testing::ManualClock clock;
  const auto latency = std::make_shared<metrics::Histogram>();
  Mailbox<int> mailbox(clock, latency);
  mailbox.put(1);
  clock.moveTo(clock.now() + std::chrono::milliseconds(30));
  mailbox.put(2);
  clock.moveTo(clock.now() + std::chrono::milliseconds(12));
  mailbox.drain([](int&&) {});
  const metrics::HistogramStatistics waited = latency->statistics();
  EXPECT_EQ(waited.count, 2);
  EXPECT_EQ(waited.min, 12);
  EXPECT_EQ(waited.max, 42);
}

TEST(MailboxTest, DropsWhatNobodyReadAndWhatFollowsAnException) {
  auto held = std::make_shared<int>(1);
  {
    Mailbox<std::shared_ptr<int>> mailbox;
    for (int i = 0; i < 3; ++i) mailbox.put(held);
    EXPECT_THROW(mailbox.drain([](std::shared_ptr<int>&&) { throw std::runtime_error("no"); }),
                 std::runtime_error);
    EXPECT_EQ(held.use_count(), 1);
    mailbox.put(held);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace flink::task
