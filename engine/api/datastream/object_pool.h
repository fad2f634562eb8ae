#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace flink {

/// Lends out objects that are costly to make (parsers, buffers, connections) and takes them back
/// for the next borrower.
/// Thread: one; give every function instance a pool of its own. Lifetime: outlives what it lent.
template <class T>
class ObjectPool {
 public:
  /// Gives the object back when it goes.
  class Return {
   public:
    explicit Return(ObjectPool* pool) : pool_(pool) {}
    void operator()(T* object) const { pool_->giveBack(std::unique_ptr<T>(object)); }

   private:
    ObjectPool* pool_;
  };
  using Borrowed = std::unique_ptr<T, Return>;

  /// Keeps at most `maxIdle` objects that nobody uses.
  explicit ObjectPool(std::function<std::unique_ptr<T>()> make, std::size_t maxIdle = 8)
      : make_(std::move(make)), maxIdle_(maxIdle) {
    idle_.reserve(maxIdle);
  }

  /// An idle object, or a new one.
  [[nodiscard]] Borrowed borrow() {
    if (idle_.empty()) return Borrowed(make_().release(), Return(this));
    Borrowed object(idle_.back().release(), Return(this));
    idle_.pop_back();
    return object;
  }
  /// Destroys the idle objects; those that come back later are destroyed too.
  void close() {
    closed_ = true;
    idle_.clear();
  }
  [[nodiscard]] std::size_t numIdle() const { return idle_.size(); }

 private:
  void giveBack(std::unique_ptr<T> object) {
    if (!closed_ && idle_.size() < maxIdle_) idle_.push_back(std::move(object));
  }

  std::function<std::unique_ptr<T>()> make_;
  std::size_t maxIdle_;
  std::vector<std::unique_ptr<T>> idle_;
  bool closed_ = false;
};

}  // namespace flink
