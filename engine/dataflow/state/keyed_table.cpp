#include "dataflow/state/keyed_table.h"

namespace flink::state::detail {

void sortByHash(std::vector<std::pair<KeyHash, std::uint32_t>>& order) {
  std::sort(order.begin(), order.end());
}

}  // namespace flink::state::detail
