#include "dataflow/operators/sink_operators.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::operators {

void SinkMetrics::open(metrics::MetricGroup& group) {
  sent_ = group.counter("numRecordsSend");
  bytes_ = group.counter("numBytesSend");
  failed_ = group.counter("numRecordsOutErrors");
  sendFailed_ = group.counter("numRecordsSendErrors");
}

std::string printPrefix(const std::string& label, int subtaskIndex, int parallelism) {
  std::string prefix = label;
  if (parallelism > 1) prefix += fmt::format("{}{}", prefix.empty() ? "" : ":", subtaskIndex + 1);
  if (!prefix.empty()) prefix += "> ";
  return prefix;
}

void printLines(const std::string& lines, bool toStandardError) {
  std::FILE* stream = toStandardError ? stderr : stdout;
  errno = 0;
  const bool written = std::fwrite(lines.data(), 1, lines.size(), stream) == lines.size() &&
                       std::fflush(stream) == 0;
  if (written) return;
  const int reason = errno;
  std::clearerr(stream);  // the next task is told of its own failure
  throw OperatorFailure(
      Status(ErrorCode::kFileIo,
             fmt::format("print() cannot write to standard {}: reason={}",
                         toStandardError ? "error" : "output", std::strerror(reason))));
}

CollectBundles::CollectBundles(OperatorContext& context, std::string collectId)
    : context_(context), collectId_(std::move(collectId)) {}

void CollectBundles::add(std::string record) {
  bytes_ += record.size();
  records_.push_back(std::move(record));
  if (records_.size() >= kMaxRecords || bytes_ >= kMaxBytes) send();
}

void CollectBundles::send() {
  if (records_.empty()) return;
  // Refused only while the task is being cancelled, when nobody waits for the result any more.
  (void)context_.collect(collectId_, records_);
  records_.clear();
  bytes_ = 0;
}

}  // namespace flink::operators
