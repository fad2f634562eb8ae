#include "core/base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace flink {
namespace {

TEST(GateTest, CloseWaitsForThoseInside) {
  Gate gate;
  std::atomic<int> inside{0};
  std::atomic<bool> begun{false};
  std::vector<std::thread> users;
  for (int i = 0; i < 4; ++i) {
    users.emplace_back([&] {
      while (true) {
        const Gate::Pass pass(gate);
        if (!pass) return;
        ++inside;
        begun = true;
        --inside;
      }
    });
  }
  while (!begun) std::this_thread::yield();
  gate.close();
  EXPECT_EQ(inside, 0);
  for (std::thread& user : users) user.join();
  EXPECT_FALSE(gate.enter());
}

}  // namespace
}  // namespace flink
