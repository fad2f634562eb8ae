#include "core/base/ids.h"

#include <gtest/gtest.h>

#include "core/base/rng.h"

namespace flink {
namespace {

TEST(IdsTest, HexRoundTrip) {
  const auto rng = makeSeededRng(7);
  const JobId id = JobId::random(*rng);
  EXPECT_EQ(id.toHex().size(), 32U);
  EXPECT_EQ(JobId::parse(id.toHex()), id);
  EXPECT_EQ(JobId::parse("00FF00ff00ff00ff00ff00ff00ff00FF")->toHex(),
            "00ff00ff00ff00ff00ff00ff00ff00ff");
  EXPECT_EQ(JobId::parse(""), std::nullopt);
  EXPECT_EQ(JobId::parse(id.toHex().substr(1)), std::nullopt);
  EXPECT_EQ(JobId::parse("g0ff00ff00ff00ff00ff00ff00ff00ff"), std::nullopt);
  EXPECT_EQ(JobId::fromBytes(id.bytes()), id);
  EXPECT_TRUE(JobId{}.isZero());
  EXPECT_FALSE(id.isZero());
}

TEST(IdsTest, TextOfCompositeIds) {
  ExecutionAttemptId attempt{JobId{}, JobVertexId{}, 3, 1};
  const std::string zeros(32, '0');
  EXPECT_EQ(attempt.toString(), zeros + "_" + zeros + "_3_1");
  EXPECT_EQ((ResultPartitionId{IntermediateDataSetId{}, attempt}.toString()),
            zeros + "@" + attempt.toString());
}

}  // namespace
}  // namespace flink
