#pragma once

#include <functional>
#include <future>

#include "core/base/executor.h"
#include "core/base/result.h"

namespace flink::apps {

/// Runs `action` on `loop` and waits for its result. REQUIRES: called from another thread.
inline Status callOnLoop(EventLoop& loop, const std::function<Status()>& action) {
  std::promise<Status> done;
  loop.post([&] { done.set_value(action()); });
  return done.get_future().get();
}

}  // namespace flink::apps
