#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/base/clock.h"
#include "core/metrics/registry.h"

namespace flink::task {

/// Carries messages from any thread to the one that steps a task, in order, without locks.
template <class Mail>
class Mailbox {
 public:
  Mailbox() = default;
  /// `latencyMs` is told how long each mail waited.
  Mailbox(const Clock& clock, std::shared_ptr<metrics::Histogram> latencyMs)
      : clock_(&clock), latencyMs_(std::move(latencyMs)) {}
  ~Mailbox() {
    latencyMs_.reset();
    drain([](Mail&&) {});
  }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Thread: any.
  void put(Mail mail) {
    auto* node = new Node{std::move(mail), head_.load(std::memory_order_relaxed),
                          clock_ ? clock_->now() : MonotonicTime{}};
    size_.fetch_add(1, std::memory_order_relaxed);
    while (!head_.compare_exchange_weak(node->next, node, std::memory_order_release,
                                        std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] bool empty() const { return head_.load(std::memory_order_relaxed) == nullptr; }
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  /// Hands over what was put so far, oldest first, and returns how many. Thread: the task's step.
  template <class Visitor>
  std::size_t drain(Visitor&& visit) {
    if (empty()) return 0;
    Node* newestFirst = head_.exchange(nullptr, std::memory_order_acquire);
    Node* oldestFirst = nullptr;
    while (newestFirst != nullptr) {
      Node* next = newestFirst->next;
      newestFirst->next = oldestFirst;
      oldestFirst = newestFirst;
      newestFirst = next;
    }
    std::size_t visited = 0;
    while (oldestFirst != nullptr) {
      const Owner node(std::exchange(oldestFirst, oldestFirst->next));
      ++visited;
      size_.fetch_sub(1, std::memory_order_relaxed);
      if (latencyMs_) {
        latencyMs_->update(
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_->now() - node.held->putAt)
                .count());
      }
      try {
        visit(std::move(node.held->mail));
      } catch (...) {
        while (oldestFirst != nullptr)
          const Owner rest(std::exchange(oldestFirst, oldestFirst->next));
        throw;
      }
    }
    return visited;
  }

 private:
  struct Node {
    Mail mail;
    Node* next;
    MonotonicTime putAt;
  };
  struct Owner {
    explicit Owner(Node* node) : held(node) {}
    ~Owner() { delete held; }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    Node* held;
  };

  const Clock* clock_ = nullptr;
  std::shared_ptr<metrics::Histogram> latencyMs_;
  std::atomic<Node*> head_{nullptr};
  std::atomic<std::size_t> size_{0};
};

}  // namespace flink::task
