#include "core/base/signal_stack.h"

#include <sys/mman.h>

#include <cstddef>

namespace flink {
namespace {

/// Room for a handler that walks and names the frames of a crash; pages that nobody touches cost
/// nothing.
constexpr std::size_t kBytes = 64U << 10;

}  // namespace

SignalStack::SignalStack() {
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = kBytes;
  if (::sigaltstack(&stack, &previous_) != 0) {
    ::munmap(memory, kBytes);
    return;
  }
  memory_ = memory;
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  ::sigaltstack(&previous_, nullptr);
  ::munmap(memory_, kBytes);
}

}  // namespace flink
