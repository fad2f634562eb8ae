#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/datastream/flink_exception.h"
#include "api/datastream/job_client.h"
#include "core/types/serializer.h"

namespace flink {

/// Records of a running job, as they arrive. For loops and hasNext()/next() both serve.
/// Thread: the program's.
/// Lifetime: close() (or destruction) cancels the job unless it has ended.
template <class T>
class CloseableIterator {
 public:
  CloseableIterator(std::shared_ptr<JobClient> job, std::string collectId)
      : job_(std::move(job)), collectId_(std::move(collectId)) {}
  CloseableIterator(CloseableIterator&& other) noexcept = default;
  CloseableIterator& operator=(CloseableIterator&& other) noexcept = default;
  ~CloseableIterator() {
    try {
      close();
    } catch (...) {  // a cluster that is gone has nothing left to cancel
      job_ = nullptr;
    }
  }

  /// Waits for the next record. Throws JobExecutionException when the job fails.
  [[nodiscard]] bool hasNext() {
    if (position_ < records_.size()) return true;
    if (job_ == nullptr) return false;
    records_ = job_->collect(collectId_);
    position_ = 0;
    if (records_.empty()) job_ = nullptr;
    return !records_.empty();
  }
  /// REQUIRES: hasNext().
  T next() {
    T record{};
    throwIfError(types::deserialize(asBytes(records_[position_++]), record));
    return record;
  }
  /// All records that are still to come.
  [[nodiscard]] std::vector<T> toVector() {
    std::vector<T> all;
    while (hasNext()) all.push_back(next());
    return all;
  }
  operator std::vector<T>() && { return toVector(); }  // NOLINT(google-explicit-constructor)
  void close() {
    if (auto job = std::exchange(job_, nullptr)) job->cancel();
  }

  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(CloseableIterator* from) : from_(from) { ++*this; }
    T& operator*() { return current_; }
    Iterator& operator++() {
      if (from_ != nullptr && from_->hasNext()) {
        current_ = from_->next();
      } else {
        from_ = nullptr;
      }
      return *this;
    }
    bool operator==(std::default_sentinel_t /*end*/) const { return from_ == nullptr; }

   private:
    CloseableIterator* from_;
    T current_{};
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() { return {}; }

 private:
  std::shared_ptr<JobClient> job_;
  std::string collectId_;
  std::vector<std::string> records_;
  std::size_t position_ = 0;
};

}  // namespace flink
