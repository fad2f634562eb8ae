#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/executor.h"
#include "core/base/result.h"

namespace flink::operators {

/// What a source's readers and its coordinator tell each other: one byte, then what belongs to it:
/// the serialized split (kAddSplit), or what source_checkpoint.cpp encodes.
enum class SourceEvent : std::uint8_t {
  kRegisterReader = 1,   ///< reader → coordinator
  kRequestSplit = 2,     ///< reader → coordinator
  kAddSplit = 3,         ///< coordinator → reader
  kNoMoreSplits = 4,     ///< coordinator → reader
  kRequestSnapshot = 5,  ///< reader → coordinator, before its own
  kSnapshot = 6,    ///< coordinator → all readers: what came before belongs to the checkpoint
  kRegistered = 7,  ///< coordinator → reader: what came before was meant for an earlier attempt
};

[[nodiscard]] std::string encodeSourceEvent(SourceEvent event, std::string_view body = {});
/// The event and its body. Errors: kCorruptData.
[[nodiscard]] Result<std::pair<SourceEvent, std::string_view>> decodeSourceEvent(
    std::string_view payload);

/// Runs a coordinator's slow work outside its step and the continuations inside it.
/// Thread: post and runCompleted on the coordinator's step.
/// Lifetime: the destructor waits for work that is running.
class CoordinatorAsync {
 public:
  CoordinatorAsync(Executor& executor, std::function<void()> wake);
  ~CoordinatorAsync();
  void post(std::function<void()> work, std::function<void()> done);
  /// Runs the continuations of finished work; rethrows what the work threw.
  void runCompleted();

 private:
  struct State;
  Executor& executor_;
  std::shared_ptr<State> state_;
};

}  // namespace flink::operators
