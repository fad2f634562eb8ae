#include "cluster/protocol/data_hello.h"

#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "core/base/rng.h"

namespace flink::protocol {
namespace {

TEST(DataHelloTest, HeadAndNameComeBack) {
  const auto rng = makeSeededRng(1);
  const DataHello hello{JobId::random(*rng), JobToken::random(*rng), "localhost:4000-ab"};
  const Bytes bytes = encodeDataHello(hello);
  ASSERT_EQ(bytes.size(), kDataHelloHeadBytes + hello.consumer.size());
  DataHello decoded;
  const auto nameBytes = decodeDataHelloHead(asBytes(bytes).first(kDataHelloHeadBytes), decoded);
  ASSERT_TRUE(nameBytes);
  EXPECT_EQ(*nameBytes, hello.consumer.size());
  EXPECT_EQ(bytes.substr(kDataHelloHeadBytes), hello.consumer);
  EXPECT_EQ(decoded.job, hello.job);
  EXPECT_EQ(decoded.token, hello.token);
}

TEST(DataHelloTest, OtherBytesAreRefused) {
  DataHello decoded;
  const Bytes good = encodeDataHello({});
  const auto refused = [&](const Bytes& bytes) {
    const auto result = decodeDataHelloHead(asBytes(bytes), decoded);
    return !result && result.status().code() == ErrorCode::kBadFrame;
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(good.substr(1)));
  EXPECT_TRUE(refused("GET " + good.substr(4)));
  Bytes version = good;
  version[5] = 2;
  EXPECT_TRUE(refused(version));
  Bytes longName = good;
  longName[6] = 2;
  EXPECT_TRUE(refused(longName));
}

}  // namespace
}  // namespace flink::protocol
