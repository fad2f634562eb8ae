#pragma once

namespace flink {

/// Names the task and the operator whose code a thread runs: who threw, who crashed, who holds the
/// thread. The texts stay valid while they are set. Operators set `op` when a batch reaches them
/// and set their own name again when a call into the next operator returns normally, so that after
/// an exception it still names the thrower.
struct CurrentCode {
  const char* task = nullptr;
  const char* op = nullptr;
};

/// Static storage per thread (initial-exec), so a signal handler may read it on any thread.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local CurrentCode currentCode;

}  // namespace flink
