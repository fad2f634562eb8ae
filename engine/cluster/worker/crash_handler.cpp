#include "cluster/worker/crash_handler.h"

#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>

#include "core/base/signal_stack.h"
#include "dataflow/task/crash_context.h"

namespace flink::worker {

namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr int kMaxFrames = 64;
/// The handler itself and the kernel's trampoline.
constexpr int kOwnFrames = 2;

int wordsFd = -1;
std::array<char, 4096> libraryPath{};
std::atomic_flag dying = ATOMIC_FLAG_INIT;

// Only async-signal-safe calls below; backtrace() is one after its first use.

void put(const char* text, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(wordsFd, text, size);
    if (n <= 0) return;
    text += n;
    size -= static_cast<std::size_t>(n);
  }
}

void put(const char* text) {
  put(text, std::strlen(text));
}

void putNumber(int number) {
  char digits[12];
  char* pos = digits + sizeof digits;
  do {
    *--pos = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  put(pos, static_cast<std::size_t>(digits + sizeof digits - pos));
}

void onCrash(int signal) {
  if (dying.test_and_set()) {
    while (true) ::pause();  // another thread speaks already and ends the process
  }
  put("signal ");
  putNumber(signal);
  if (const char* op = task::crashContext().op; op != nullptr) {
    put("\noperator ");
    put(op);
  }
  if (libraryPath[0] != '\0') {
    put("\nlibrary ");
    put(libraryPath.data());
  }
  put("\n");
  std::array<void*, kMaxFrames> frames;
  const int count = ::backtrace(frames.data(), kMaxFrames);
  for (int i = kOwnFrames; i < count; ++i) {
    put("frame ");
    ::backtrace_symbols_fd(&frames[static_cast<std::size_t>(i)], 1, wordsFd);
  }
  // SA_RESETHAND brought the default action back: the exit status names the signal.
  ::raise(signal);
}

}  // namespace

void installCrashHandler(int descriptor) {
  wordsFd = descriptor;
  void* warmUp[1];
  ::backtrace(warmUp, 1);  // loads the unwinder now, not inside the handler
  // This thread's, for good; those of the executor have their own.
  static const auto* const signalStack = new SignalStack;
  static_cast<void>(signalStack);
  struct sigaction action {};
  action.sa_handler = onCrash;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

void setCrashLibrary(const std::string& path) {
  const std::size_t size = std::min(path.size(), libraryPath.size() - 1);
  std::memcpy(libraryPath.data(), path.data(), size);
  libraryPath[size] = '\0';
}

}  // namespace flink::worker
