#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace flink::simulation {

/// What the simulated job's sink writes.
struct Outcome {
  std::int64_t kind = 0;  ///< kRunningCount, ...
  std::int64_t key = 0;
  std::int64_t time = 0;
  std::int64_t value = 0;
  friend auto operator<=>(const Outcome&, const Outcome&) = default;
};

/// A transactional store outside the cluster, such as a database: records of a transaction that
/// was prepared become visible when it is committed, once however often that is asked. What dead
/// processes ask for does not arrive. Thread: the simulation's.
class OutsideStore {
 public:
  /// Keeps the records until commit(), over any failure.
  void prepare(const std::string& transaction, std::vector<Outcome> records);
  /// False when there is no such transaction, neither prepared nor committed.
  bool commit(const std::string& transaction);

  /// What readers see, and how often.
  [[nodiscard]] const std::map<Outcome, std::int64_t>& visible() const { return visible_; }
  [[nodiscard]] std::size_t numCommits() const { return committed_.size(); }

 private:
  std::map<std::string, std::vector<Outcome>> prepared_;
  std::set<std::string> committed_;
  std::map<Outcome, std::int64_t> visible_;
};

}  // namespace flink::simulation
