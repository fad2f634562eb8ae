#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace flink {

class Rng;

namespace detail {
std::string toHex(const std::uint8_t* bytes, std::size_t size);
/// Accepts exactly 2 * size hex digits of either case.
bool fromHex(std::string_view hex, std::uint8_t* bytes, std::size_t size);
void fillRandom(Rng& rng, std::uint8_t* bytes, std::size_t size);
}  // namespace detail

/// An identifier of N random or derived bytes, written as lower-case hex. Each Tag makes a type of
/// its own. Ids come from outside too, so tables of them are ordered: there is no hash that crafted
/// ids could make collide.
template <class Tag, std::size_t N = 16>
class Id {
 public:
  static constexpr std::size_t kSize = N;

  constexpr Id() = default;
  explicit constexpr Id(std::array<std::uint8_t, N> bytes) : bytes_(bytes) {}

  static Id random(Rng& rng) {
    Id id;
    detail::fillRandom(rng, id.bytes_.data(), N);
    return id;
  }
  static std::optional<Id> parse(std::string_view hex) {
    Id id;
    if (!detail::fromHex(hex, id.bytes_.data(), N)) return std::nullopt;
    return id;
  }
  static std::optional<Id> fromBytes(std::string_view raw) {
    if (raw.size() != N) return std::nullopt;
    Id id;
    std::memcpy(id.bytes_.data(), raw.data(), N);
    return id;
  }

  [[nodiscard]] std::string toHex() const { return detail::toHex(bytes_.data(), N); }
  [[nodiscard]] std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), N};
  }
  [[nodiscard]] bool isZero() const { return *this == Id{}; }

  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::array<std::uint8_t, N> bytes_{};
};

using JobId = Id<struct JobIdTag>;
using JobVertexId = Id<struct JobVertexIdTag>;
using OperatorId = Id<struct OperatorIdTag>;
using AllocationId = Id<struct AllocationIdTag>;
using SlotSharingGroupId = Id<struct SlotSharingGroupIdTag>;
using IntermediateDataSetId = Id<struct IntermediateDataSetIdTag>;
/// Proves to a data port that a connection belongs to a job.
using JobToken = Id<struct JobTokenTag>;
/// A user's request for a checkpoint or savepoint: REST's trigger id.
using SnapshotTriggerId = Id<struct SnapshotTriggerTag>;
/// SHA-256 of a blob's content.
using BlobDigest = Id<struct BlobDigestTag, 32>;

/// Fencing epoch of a JobManager's leadership; grows with every restart, carried by every control
/// message.
enum class Epoch : std::uint64_t { kNone = 0 };

/// One attempt at running one subtask.
struct ExecutionAttemptId {
  JobId job;
  JobVertexId vertex;
  std::int32_t subtask = 0;
  std::int32_t attempt = 0;
  friend auto operator<=>(const ExecutionAttemptId&, const ExecutionAttemptId&) = default;
  /// `<job>_<vertex>_<subtask>_<attempt>`
  [[nodiscard]] std::string toString() const;
};

/// One result partition: what one attempt produces for one intermediate data set.
struct ResultPartitionId {
  IntermediateDataSetId dataSet;
  ExecutionAttemptId producer;
  friend auto operator<=>(const ResultPartitionId&, const ResultPartitionId&) = default;
  [[nodiscard]] std::string toString() const;
};

/// A TaskManager's resource id: `host:rpcPort-suffix`, or what taskmanager.resource-id says.
class TaskManagerId {
 public:
  TaskManagerId() = default;
  explicit TaskManagerId(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& text() const { return text_; }
  friend auto operator<=>(const TaskManagerId&, const TaskManagerId&) = default;

 private:
  std::string text_;
};

}  // namespace flink
