#define XXH_INLINE_ALL
#include "core/types/key_hash.h"

#include <xxhash.h>

namespace flink::types {

KeyHash hashBytes(const std::byte* data, std::size_t size) {
  return XXH3_64bits(data, size);
}

namespace detail {

KeyHash hashStringSlow(std::string_view text) {
  std::byte form[512];
  if (text.size() + kMaxVarintBytes <= sizeof form) {
    std::byte* end = putVarint(form, text.size());
    copyBytes(end, text.data(), text.size());
    end += text.size();
    return XXH3_64bits(form, static_cast<std::size_t>(end - form));
  }
  const std::byte* prefixEnd = putVarint(form, text.size());
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, form, static_cast<std::size_t>(prefixEnd - form));
  XXH3_64bits_update(&state, text.data(), text.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace detail
}  // namespace flink::types
