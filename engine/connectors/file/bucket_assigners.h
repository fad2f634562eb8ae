#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flink::connectors {

/// What a bucket assigner knows beside the record.
struct BucketContext {
  std::int64_t currentProcessingTime = 0;  ///< milliseconds since the Unix epoch
  std::int64_t currentWatermark = 0;
  std::optional<std::int64_t> timestamp;  ///< the record's, if it has one
};

/// Decides which directory below a sink's path a record belongs to; "" is the path itself. Deriving
/// is optional: any copyable object with getBucketId(const T&, const BucketContext&), or that can
/// be called with a record or with both, serves.
template <class T>
class BucketAssigner {
 public:
  virtual ~BucketAssigner() = default;
  [[nodiscard]] virtual std::string getBucketId(const T& element,
                                                const BucketContext& context) const = 0;
};

/// Buckets by processing time. The format has Java's letters: y M d H m s, text in '', other
/// characters as they are. Errors (thrown): kInvalidArgument for other letters and unknown zones.
class DateTimeBucketAssigner {
 public:
  /// `zone`: "" for this machine's, "UTC", or an offset like "+08:00".
  explicit DateTimeBucketAssigner(const std::string& format = "yyyy-MM-dd--HH",
                                  const std::string& zone = "");
  template <class T>
  [[nodiscard]] std::string getBucketId(const T& /*element*/, const BucketContext& context) const {
    return bucketAt(context.currentProcessingTime);
  }
  [[nodiscard]] std::string bucketAt(std::int64_t wallMs) const;

 private:
  struct Piece {
    char letter = 0;  ///< 0: literal
    std::size_t width = 0;
    std::string literal;
  };
  std::vector<Piece> pieces_;
  std::optional<std::int64_t> offsetSeconds_;  ///< none: the machine's zone
};

/// Everything in the sink's own directory.
class BasePathBucketAssigner {
 public:
  template <class T>
  [[nodiscard]] std::string getBucketId(const T& /*element*/,
                                        const BucketContext& /*context*/) const {
    return {};
  }
};

}  // namespace flink::connectors
