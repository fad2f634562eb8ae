#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/datastream/async_data_stream.h"
#include "core/types/text.h"
#include "dataflow/operators/output_tag.h"
#include "dataflow/operators/process_functions.h"

namespace flink {

/// A record cannot be processed now; it may be later.
class RetryableException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// A record can never be processed.
class NonRetryableException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A record that was given up, and why.
template <class T>
struct DeadLetter {
  T record;
  std::string error;
  int attempts = 0;
};

struct RobustSettings {
  int maxRetryAttempts = 3;  ///< calls per record
  /// Attempt n is followed by a pause of min(initial x 2^n, max).
  std::chrono::milliseconds initialBackoff{1000};
  std::chrono::milliseconds maxBackoff{10'000};
  std::int64_t capacity = 100;  ///< records that wait for their next attempt, or behind one
};

namespace datastream {

template <class T, class R>
struct RobustOutcome {
  std::vector<R> results;
  std::optional<DeadLetter<T>> failed;
  bool retryable = false;
};

// The log lines, each with the record as print() shows it.
void logRetryable(const std::string& record, const std::string& error);
void logNonRetryable(const std::string& record, const std::string& error);
void logDeadLetter(const std::string& record, int attempts, const std::string& error);

template <class T>
std::string textOf(const T& record) {
  std::string text;
  types::appendText(text, record);
  return text;
}

/// What one attempt comes to.
template <class T, class R, class F>
RobustOutcome<T, R> tryOnce(F& function, const T& record) {
  RobustOutcome<T, R> outcome;
  try {
    outcome.results.push_back(function(record));
  } catch (const RetryableException& failure) {
    outcome.failed = DeadLetter<T>{record, failure.what(), 1};
    outcome.retryable = true;
  } catch (const NonRetryableException& failure) {
    outcome.failed = DeadLetter<T>{record, failure.what(), 1};
  }
  return outcome;
}

/// Passes results on, sends what failed for good where it belongs and counts it.
template <class T, class R>
class OutcomeFunction final : public ProcessFunction<RobustOutcome<T, R>, R> {
 public:
  OutcomeFunction(OutputTag<DeadLetter<T>> deadLetters, int attempts)
      : deadLetters_(std::move(deadLetters)), attempts_(attempts) {}
  void open(const OpenContext&) override {
    errors_ = this->getRuntimeContext().getMetricGroup().counter("processing_errors");
    this->getRuntimeContext().getMetricGroup().meter("error_rate", errors_);
  }
  void processElement(const RobustOutcome<T, R>& outcome, ProcessContext& context,
                      Collector<R>& out) override {
    for (const R& result : outcome.results) out.collect(result);
    if (!outcome.failed) return;
    errors_->inc();
    DeadLetter<T> letter = *outcome.failed;
    const std::string text = textOf(letter.record);
    if (!outcome.retryable) return logNonRetryable(text, letter.error);
    letter.attempts = attempts_;
    logDeadLetter(text, attempts_, letter.error);
    context.output(deadLetters_, std::move(letter));
  }

 private:
  OutputTag<DeadLetter<T>> deadLetters_;
  int attempts_;
  std::shared_ptr<metrics::Counter> errors_;
};

}  // namespace datastream

/// Calls `R function(const T&)` for every record and lets no poison record stop the job: after a
/// RetryableException it is called again, up to the settings' attempts and with growing pauses, in
/// which other records go on; then the record goes to the side output `deadLetters`. After a
/// NonRetryableException the record is logged and skipped. Other exceptions fail the job. Results
/// keep the order of the records; records that wait are part of checkpoints.
template <class T, class F>
auto processRobustly(const DataStream<T>& stream, F function, OutputTag<DeadLetter<T>> deadLetters,
                     RobustSettings settings = {}) {
  using R = std::decay_t<std::invoke_result_t<F&, const T&>>;
  using Outcome = datastream::RobustOutcome<T, R>;
  AsyncRetryStrategy<Outcome> retry;
  retry.maxAttempts = std::max(0, settings.maxRetryAttempts - 1);
  retry.backoff = [settings](int attempt) {
    const auto doubled = settings.initialBackoff * (std::int64_t{1} << std::min(attempt, 30));
    return std::min(doubled, settings.maxBackoff);
  };
  retry.ifResult = [](const std::vector<Outcome>& outcomes) {
    const Outcome& outcome = outcomes.front();
    if (outcome.retryable)
      datastream::logRetryable(datastream::textOf(outcome.failed->record), outcome.failed->error);
    return outcome.retryable;
  };
  auto attempt = [function = std::move(function)](const T& record,
                                                  ResultFuture<Outcome> future) mutable {
    try {
      future.complete({datastream::tryOnce<T, R>(function, record)});
    } catch (...) {
      future.completeExceptionally(std::current_exception());
    }
  };
  return AsyncDataStream::orderedWaitWithRetry(stream, std::move(attempt),
                                               std::chrono::milliseconds(0), settings.capacity,
                                               std::move(retry))
      .process(datastream::OutcomeFunction<T, R>(std::move(deadLetters),
                                                 std::max(1, settings.maxRetryAttempts)));
}

}  // namespace flink
