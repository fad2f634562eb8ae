#include "dataflow/operators/wire_record.h"

#include <stdexcept>

#include <fmt/format.h>

namespace flink::operators::wire {

void checkRecordSize(std::size_t size) {
  if (size <= kMaxRecordBytes) return;
  throw std::length_error(fmt::format(
      "record is too large to be sent; split it up: bytes={} limit={}", size, kMaxRecordBytes));
}

void throwBadPartition(int channel, int numChannels) {
  throw std::out_of_range(fmt::format(
      "partitioner must return 0 <= partition < numPartitions: partition={} numPartitions={}",
      channel, numChannels));
}

std::uint64_t mixSeed(std::uint64_t seed) {
  return (seed + 1) * 0x9E3779B97F4A7C15ULL;
}

}  // namespace flink::operators::wire
