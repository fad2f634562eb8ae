#define XXH_INLINE_ALL
#include "dataflow/checkpoint/checksum.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "core/base/check.h"

namespace flink::checkpoint {

std::string Digest::toHex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

void Digester::Free::operator()(void* state) const {
  XXH3_freeState(static_cast<XXH3_state_t*>(state));
}

Digester::Digester() : state_(XXH3_createState()) {
  FLINK_CHECK(state_ != nullptr, "no memory for a digest");
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_.get()));
}

void Digester::update(ByteView bytes) {
  if (bytes.empty()) return;
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_.get()), bytes.data(), bytes.size());
}

Digest Digester::digest() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_.get()));
  return {hash.high64, hash.low64};
}

Digest digestOf(ByteView bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::uint64_t checksumOf(ByteView bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace flink::checkpoint
