#include "tests/simulation/outside_store.h"

#include <utility>

#include "tests/simulation/kernel.h"

namespace flink::simulation {
namespace {

bool reachable() {
  const Process* const process = Kernel::runningProcess();
  return process != nullptr && process->alive;
}

}  // namespace

void OutsideStore::prepare(const std::string& transaction, std::vector<Outcome> records) {
  if (reachable()) prepared_[transaction] = std::move(records);
}

bool OutsideStore::commit(const std::string& transaction) {
  if (!reachable()) return true;
  const auto found = prepared_.find(transaction);
  if (found == prepared_.end()) return false;
  if (!committed_.insert(transaction).second) return true;
  for (const Outcome& record : found->second) ++visible_[record];
  return true;
}

}  // namespace flink::simulation
