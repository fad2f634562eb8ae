#pragma once

#include <atomic>

namespace flink::operators {

/// Asks a step to look up between two records of a batch: the task is to end, or a step holds its
/// thread for long because user code is slow.
/// Thread: `requested` is set on any; the rest belongs to the step.
class Interruption {
 public:
  virtual ~Interruption() = default;
  /// Takes the request back. Throws when the task is to end: nothing more may come of this step.
  virtual void throwIfStopped() = 0;
  /// Sends on what the task's outputs have buffered.
  virtual void passOn() = 0;
};

/// What may interrupt the step that runs on this thread. Outside steps nothing does.
struct CurrentInterruption {
  const std::atomic<bool>* requested;
  Interruption* handler;
  /// The step was interrupted: it should return as soon as it can.
  bool interrupted;
};
/// Static storage per thread (initial-exec): one load per batch, then one per record.
[[gnu::tls_model(
    "initial-exec")]] extern constinit thread_local CurrentInterruption currentInterruption;

/// Ends the step if the task is to end, else sends on what it has emitted so far.
template <class... Outputs>
[[gnu::cold, gnu::noinline]] void lookUp(Outputs&... outputs) {
  currentInterruption.handler->throwIfStopped();
  (outputs.flush(), ...);
  currentInterruption.handler->passOn();
}

/// Between two records: looks up when it is requested. `requested` is that of
/// currentInterruption, read once per batch.
template <class... Outputs>
inline void checkInterruption(const std::atomic<bool>& requested, Outputs&... outputs) {
  if (requested.load(std::memory_order_relaxed)) [[unlikely]]
    lookUp(outputs...);
}

}  // namespace flink::operators
