#pragma once

#include <csignal>

namespace flink {

/// Gives the calling thread a stack of its own for signal handlers (SA_ONSTACK) as long as it
/// lives, so that a crash handler still runs when the thread's stack has overflowed. Without
/// memory for it the thread goes on without. Thread: construct and destroy on the same one.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  void* memory_ = nullptr;
  stack_t previous_{};
};

}  // namespace flink
