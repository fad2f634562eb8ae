#pragma once

namespace flink::task {

/// Task and operator whose code the calling thread runs. Null outside tasks.
struct CrashContext {
  const char* task = nullptr;
  const char* op = nullptr;
};

/// Async-signal-safe: for the worker's handler of fatal signals.
[[nodiscard]] CrashContext crashContext() noexcept;

}  // namespace flink::task
