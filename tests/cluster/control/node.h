#pragma once

#include <future>
#include <memory>
#include <string>

#include "cluster/control/local_channel.h"
#include "cluster/control/rpc.h"
#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink::control::test {

using namespace std::chrono_literals;

/// How long a test waits for what must happen; only a failing test waits that long.
inline constexpr auto kPatience = 20s;

/// One side of a conversation: a loop, a transport and an endpoint.
class Node {
 public:
  explicit Node(std::unique_ptr<MessageTransport> transport,
                RpcEndpoint::Options options = {.sender = "node"})
      : transport_(std::move(transport)), rpc_(std::move(options), *loop_, clock_, *transport_) {}
  explicit Node(std::unique_ptr<LocalChannel> channel,
                RpcEndpoint::Options options = {.sender = "node"})
      : channel_(channel.get()),
        transport_(std::move(channel)),
        rpc_(std::move(options), *loop_, clock_, *channel_) {}
  ~Node() {
    rpc_.stop();
    transport_->stop();
    loop_->stop();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  RpcEndpoint& rpc() { return rpc_; }
  MessageTransport& transport() { return *transport_; }
  EventLoop& loop() { return *loop_; }

  /// Runs `fn` on the loop and waits for it.
  template <class Fn>
  auto onLoop(Fn fn) {
    std::promise<decltype(fn())> done;
    loop_->post([&] {
      if constexpr (std::is_void_v<decltype(fn())>) {
        fn();
        done.set_value();
      } else {
        done.set_value(fn());
      }
    });
    return done.get_future().get();
  }

  template <class Request>
  std::future<Result<typename Request::Response>> call(const RpcEndpoint::PeerId& peer,
                                                       Request request,
                                                       Duration deadline = kPatience) {
    using Answer = Result<typename Request::Response>;
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    loop_->post([this, peer, request = std::move(request), deadline, promise] {
      rpc_.call(peer, request, deadline, std::function<void(Answer)>([promise](Answer answer) {
                  promise->set_value(std::move(answer));
                }));
    });
    return future;
  }

 private:
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = makeThreadEventLoop("node", clock_);
  LocalChannel* channel_ = nullptr;
  std::unique_ptr<MessageTransport> transport_;
  RpcEndpoint rpc_;
};

/// A value that other threads set and a test waits for.
template <class T>
class Eventually {
 public:
  void set(T value) {
    if (!set_.exchange(true)) promise_.set_value(std::move(value));
  }
  bool arrived() { return future_.wait_for(kPatience) == std::future_status::ready; }
  T get() { return future_.get(); }

 private:
  std::atomic<bool> set_{false};
  std::promise<T> promise_;
  std::future<T> future_ = promise_.get_future();
};

}  // namespace flink::control::test
