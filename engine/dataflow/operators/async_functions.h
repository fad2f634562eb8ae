#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dataflow/operators/async_calls.h"
#include "dataflow/operators/functions.h"

namespace flink {

namespace operators {

/// One attempt of an asynchronous call. The first completion counts.
template <class Out>
class AsyncCall {
 public:
  AsyncCall(std::uint64_t id, std::shared_ptr<AsyncCalls> calls)
      : id_(id), calls_(std::move(calls)) {}
  void end(std::vector<Out> results, std::exception_ptr failure) {
    if (ended_.exchange(true)) return;
    results_ = std::move(results);
    failure_ = std::move(failure);
    calls_->ended(id_);
  }
  void runBlocking(std::function<void()> work) { calls_->runBlocking(std::move(work)); }
  // Thread: the step, once AsyncCalls gave the id out.
  [[nodiscard]] std::vector<Out>& results() { return results_; }
  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  std::uint64_t id_;
  std::shared_ptr<AsyncCalls> calls_;
  std::atomic<bool> ended_{false};
  std::vector<Out> results_;
  std::exception_ptr failure_;
};

}  // namespace operators

/// Where an asynchronous call puts its result; a cheap copyable handle. Only the first completion
/// counts, and none once the job is over.
/// Thread: any.
template <class Out>
class ResultFuture {
 public:
  explicit ResultFuture(std::shared_ptr<operators::AsyncCall<Out>> call) : call_(std::move(call)) {}
  /// `future.complete({result})`; several results or none are fine.
  void complete(std::vector<Out> results) const { call_->end(std::move(results), nullptr); }
  /// Fails the job, unless the call is tried again.
  void completeExceptionally(std::exception_ptr failure) const {
    call_->end({}, std::move(failure));
  }
  template <class E>
  requires std::derived_from<E, std::exception>
  void completeExceptionally(const E& failure) const {
    completeExceptionally(std::make_exception_ptr(failure));
  }
  /// Completes with what `work` returns or throws; it may block, on a thread of the engine.
  void completeAsync(std::function<std::vector<Out>()> work) const {
    call_->runBlocking([call = call_, work = std::move(work)] {
      try {
        call->end(work(), nullptr);
      } catch (...) {
        call->end({}, std::current_exception());
      }
    });
  }

 private:
  std::shared_ptr<operators::AsyncCall<Out>> call_;
};

/// What a call without a result in time fails with.
class AsyncTimeoutException : public std::runtime_error {
 public:
  AsyncTimeoutException() : std::runtime_error("Async function call has timed out.") {}
};

/// Starts a call for every record and returns at once. Copy what the call needs of `input`: it
/// is gone once there is a result. Thread: the task's step.
template <class In, class Out>
class AsyncFunction {
 public:
  virtual ~AsyncFunction() = default;
  virtual void asyncInvoke(const In& input, ResultFuture<Out> resultFuture) = 0;
  /// There was no result in time. Default: fails the job.
  virtual void timeout(const In& /*input*/, ResultFuture<Out> resultFuture) {
    resultFuture.completeExceptionally(AsyncTimeoutException());
  }
};
template <class In, class Out>
class RichAsyncFunction : public RichFunction, public AsyncFunction<In, Out> {};

/// Whether and when a call is made again.
template <class Out>
struct AsyncRetryStrategy {
  int maxAttempts = 0;                                            ///< calls after the first one
  std::function<std::chrono::milliseconds(int attempt)> backoff;  ///< before retry 1, 2, ..
  std::function<bool(const std::vector<Out>&)> ifResult;
  std::function<bool(const std::exception_ptr&)> ifException;

  [[nodiscard]] bool wantsRetry(const std::vector<Out>& results,
                                const std::exception_ptr& failure) const {
    if (failure != nullptr) return ifException != nullptr && ifException(failure);
    return ifResult != nullptr && ifResult(results);
  }
};

namespace AsyncRetryStrategies {

/// Retry on results without records.
inline constexpr auto EMPTY_RESULT_PREDICATE = [](const auto& results) { return results.empty(); };
/// Retry on any failure.
inline constexpr auto HAS_EXCEPTION_PREDICATE = [](const std::exception_ptr&) { return true; };

template <class Out>
AsyncRetryStrategy<Out> fixedDelay(int maxAttempts, std::chrono::milliseconds delay) {
  AsyncRetryStrategy<Out> strategy;
  strategy.maxAttempts = maxAttempts;
  strategy.backoff = [delay](int) { return delay; };
  return strategy;
}
template <class Out>
AsyncRetryStrategy<Out> exponentialBackoff(int maxAttempts, std::chrono::milliseconds initialDelay,
                                           std::chrono::milliseconds maxDelay, double multiplier) {
  AsyncRetryStrategy<Out> strategy;
  strategy.maxAttempts = maxAttempts;
  strategy.backoff = [=](int attempt) {
    const double ms = static_cast<double>(initialDelay.count()) * std::pow(multiplier, attempt - 1);
    const double most = static_cast<double>(maxDelay.count());
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, most)));
  };
  return strategy;
}

}  // namespace AsyncRetryStrategies
}  // namespace flink
