#include "cluster/taskmanager/worker_failure.h"

#include <cxxabi.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::taskmanager {

namespace {

std::string signalName(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation == nullptr ? fmt::format("{}", signal)
                                 : fmt::format("{} (SIG{})", signal, abbreviation);
}

/// The word after `key` and one space; false when the line has another key.
bool takeValue(std::string_view line, std::string_view key, std::string_view& value) {
  if (line.size() <= key.size() || line.substr(0, key.size()) != key || line[key.size()] != ' ')
    return false;
  value = line.substr(key.size() + 1);
  return true;
}

std::string_view baseName(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// "cluster/libWordCount.so(+0x12)[0x7f]" → "libWordCount.so".
std::string_view moduleOfFrame(std::string_view frame) {
  return baseName(frame.substr(0, frame.find_first_of("([")));
}

/// "/tmp/9f.so(_Z1fv+0x10)[0x7f]" → "f()+0x10 in WordCount.so"; without a symbol
/// "WordCount.so+0x10". The job's library, a copy named by its digest, gets back the name that its
/// user knows.
std::string readableFrame(const std::string& frame, std::string_view jobLibrary,
                          const std::string& libraryName) {
  const auto open = frame.find('(');
  const auto plus = frame.find('+', open);
  const auto close = frame.find(')', plus);
  if (open == std::string::npos || close == std::string::npos) return frame;
  const std::string_view module = moduleOfFrame(frame);
  const std::string_view shown =
      !jobLibrary.empty() && module == jobLibrary ? std::string_view(libraryName) : module;
  const std::string offset = frame.substr(plus, close - plus);
  const std::string symbol = frame.substr(open + 1, plus - open - 1);
  if (symbol.empty()) return fmt::format("{}{}", shown, offset);
  int status = 0;
  char* const demangled = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string text =
      fmt::format("{}{} in {}", status == 0 ? demangled : symbol.c_str(), offset, shown);
  std::free(demangled);
  return text;
}

/// The library the crash happened in: that of the job when it is on the stack, else that of the
/// innermost frame.
std::string guiltyLibrary(const LastWords& words, const std::string& libraryName) {
  const std::string_view jobLibrary = baseName(words.library);
  for (const auto& frame : words.frames) {
    if (!jobLibrary.empty() && moduleOfFrame(frame) == jobLibrary) return libraryName;
  }
  return words.frames.empty() ? libraryName : std::string(moduleOfFrame(words.frames.front()));
}

}  // namespace

LastWords parseLastWords(std::string_view text) {
  LastWords words;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    std::string_view value;
    if (takeValue(line, "signal", value)) {
      std::from_chars(value.data(), value.data() + value.size(), words.signal);
    } else if (takeValue(line, "operator", value)) {
      words.operatorName = value;
    } else if (takeValue(line, "library", value)) {
      words.library = value;
    } else if (takeValue(line, "frame", value)) {
      words.frames.emplace_back(value);
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

protocol::FailureInfo describeWorkerEnd(const WorkerEnd& end) {
  const LastWords words = parseLastWords(end.exit.lastWords);
  const int signal = end.exit.status.signal != 0 ? end.exit.status.signal : words.signal;
  std::string message;
  if (!end.killedBecause.empty()) {
    message = fmt::format("worker process {} and was killed: host={} pid={} signal={}",
                          end.killedBecause, end.host, end.pid, signalName(signal));
  } else if (words.signal != 0) {
    message = fmt::format("worker process crashed: host={} pid={} signal={} operator={} library={}",
                          end.host, end.pid, signalName(signal),
                          words.operatorName.empty() ? "(none)" : words.operatorName,
                          guiltyLibrary(words, end.libraryName));
  } else if (signal != 0) {
    message = fmt::format("worker process was killed: host={} pid={} signal={}", end.host, end.pid,
                          signalName(signal));
  } else {
    message = fmt::format(
        "worker process ended although its job runs (does user code call exit()?): host={} pid={} "
        "{}",
        end.host, end.pid, end.exit.status.toString());
  }
  message += fmt::format(" job={} name=\"{}\"", end.job.toHex(), end.jobName);

  protocol::FailureInfo failure =
      describeStatus(Status(ErrorCode::kWorkerDied, message), end.timestampMs);
  for (const auto& frame : words.frames) {
    failure.stackTrace +=
        "\n\tat " + readableFrame(frame, baseName(words.library), end.libraryName);
  }
  if (!end.errorTail.empty())
    failure.stackTrace += "\nLast output of the worker:\n" + end.errorTail;
  return failure;
}

protocol::FailureInfo describeStatus(const Status& status, std::int64_t timestampMs) {
  protocol::FailureInfo failure;
  failure.errorId = status.id();
  failure.exceptionName = failure.errorId;
  failure.message = status.message();
  failure.stackTrace = failure.errorId + ": " + status.message();
  for (const Status* cause = status.cause(); cause != nullptr; cause = cause->cause()) {
    failure.stackTrace += fmt::format("\nCaused by: {}: {}", cause->id(), cause->message());
  }
  failure.timestampMs = timestampMs;
  return failure;
}

}  // namespace flink::taskmanager
