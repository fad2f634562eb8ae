#pragma once

#include <type_traits>
#include <utility>

namespace flink {

/// Takes what a user's function emits. Records are assigned into slots that are reused from batch
/// to batch, so that strings and vectors keep their memory. Thread: the function's own call only;
/// do not keep a reference to it.
template <class T>
class Collector {
 public:
  virtual ~Collector() = default;

  void collect(const T& record) { slot() = record; }
  void collect(T&& record) { slot() = std::move(record); }
  /// Anything assignable to T, e.g. a std::string_view for std::string: no temporary record.
  template <class U>
  requires(!std::is_same_v<std::remove_cvref_t<U>, T> &&
           std::is_assignable_v<T&, U&&>) void collect(U&& value) {
    slot() = std::forward<U>(value);
  }
  /// Emits one record and returns it to be filled in place, before the next collect(). Its old
  /// content is arbitrary.
  T& slot() {
    if (pos_ == end_) [[unlikely]]
      makeRoom();
    return *pos_++;
  }

 protected:
  Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Hands filled slots on, or grows. Afterwards pos_ < end_.
  virtual void makeRoom() = 0;

  T* pos_ = nullptr;
  T* end_ = nullptr;
};

}  // namespace flink
