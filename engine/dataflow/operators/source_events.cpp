#include "dataflow/operators/source_events.h"

#include <exception>
#include <vector>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/gate.h"
#include "core/base/mutex.h"

namespace flink::operators {

std::string encodeSourceEvent(SourceEvent event, std::string_view body) {
  std::string payload(1, static_cast<char>(event));
  payload += body;
  return payload;
}

Result<std::pair<SourceEvent, std::string_view>> decodeSourceEvent(std::string_view payload) {
  const auto kind = payload.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(payload.front());
  if (kind < 1 || kind > 7) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("source event is unknown: kind={} bytes={}", kind, payload.size()));
  }
  return std::pair{static_cast<SourceEvent>(kind), payload.substr(1)};
}

struct CoordinatorAsync::State {
  struct Completed {
    std::exception_ptr failure;
    std::function<void()> done;
  };
  std::function<void()> wake;
  Gate gate;
  Mutex mutex;
  std::vector<Completed> completed FLINK_GUARDED_BY(mutex);
};

CoordinatorAsync::CoordinatorAsync(Executor& executor, std::function<void()> wake)
    : executor_(executor), state_(std::make_shared<State>()) {
  state_->wake = std::move(wake);
}

CoordinatorAsync::~CoordinatorAsync() {
  state_->gate.close();
}

void CoordinatorAsync::post(std::function<void()> work, std::function<void()> done) {
  // The pass leaves the gate with the closure, also when the executor drops it unrun.
  auto pass = std::make_shared<Gate::Pass>(state_->gate);
  if (!*pass) return;
  executor_.runBlocking([state = state_, pass, work = std::move(work), done = std::move(done)] {
    State::Completed completed{nullptr, done};
    try {
      work();
    } catch (...) {
      completed.failure = std::current_exception();
    }
    {
      const MutexLock lock(state->mutex);
      state->completed.push_back(std::move(completed));
    }
    state->wake();
  });
}

void CoordinatorAsync::runCompleted() {
  std::vector<State::Completed> ready;
  {
    const MutexLock lock(state_->mutex);
    ready.swap(state_->completed);
  }
  for (const State::Completed& completed : ready) {
    if (completed.failure != nullptr) std::rethrow_exception(completed.failure);
    completed.done();
  }
}

}  // namespace flink::operators
