#pragma once

#include <cstddef>
#include <string>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::protocol {

/// First bytes of every data connection: written by the consumer's worker, checked by the
/// producer's supervisor before it passes the socket on. Fixed head: "FLKD", u16 version, u16
/// length of the consumer's name, job id, token; then the name.
struct DataHello {
  JobId job;
  JobToken token;
  std::string consumer;
};
inline constexpr std::size_t kDataHelloHeadBytes = 4 + 2 + 2 + 16 + 16;
inline constexpr std::size_t kMaxConsumerNameBytes = 256;

[[nodiscard]] Bytes encodeDataHello(const DataHello& hello);
/// Reads the fixed head and returns how many bytes of name follow. Errors: kBadFrame.
[[nodiscard]] Result<std::size_t> decodeDataHelloHead(ByteView head, DataHello& hello);

}  // namespace flink::protocol
