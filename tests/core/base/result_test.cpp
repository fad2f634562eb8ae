#include "core/base/result.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/error_codes.h"

namespace flink {
namespace {

TEST(ResultTest, OkStatus) {
  const Status status;
  EXPECT_TRUE(status.isOk());
  EXPECT_EQ(status.id(), "OK");
  EXPECT_EQ(status.toString(), "OK");
  EXPECT_EQ(status.cause(), nullptr);
}

TEST(ResultTest, ErrorKeepsItsRowAndItsCauses) {
  Status status = Status(ErrorCode::kConnectionLost, "outer: host=a")
                      .causedBy(Status(ErrorCode::kFileIo, "middle"))
                      .causedBy(Status(ErrorCode::kFileNotFound, "inner"));
  EXPECT_EQ(status.code(), ErrorCode::kConnectionLost);
  EXPECT_EQ(status.id(), "FLINK-NET-002");
  EXPECT_EQ(status.toString(),
            "FLINK-NET-002: outer: host=a; caused by: FLINK-IO-003: middle; caused by: "
            "FLINK-IO-001: inner");
  ASSERT_NE(status.cause(), nullptr);
  const Status copy = status;
  status = Status::ok();
  EXPECT_EQ(copy.cause()->cause()->code(), ErrorCode::kFileNotFound);
  EXPECT_TRUE(status.isOk());
}

Result<int> half(int n) {
  if (n % 2 != 0) return Status(ErrorCode::kInvalidArgument, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  FLINK_ASSIGN_OR_RETURN(const int h, half(n));
  return half(h);
}
Status check(int n) {
  FLINK_RETURN_IF_ERROR(quarter(n).status());
  return Status::ok();
}

TEST(ResultTest, MacrosPassErrorsOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).status().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(check(4));
  EXPECT_FALSE(check(3));
  EXPECT_EQ(half(3).valueOr(-1), -1);
}

TEST(ResultDeathTest, ValueOfAnErrorAborts) {
  EXPECT_DEATH({ [[maybe_unused]] const int n = half(3).value(); }, "odd");
}

TEST(ErrorTableTest, IdsAreUniqueAndFindable) {
  std::set<std::string_view> ids;
  for (const ErrorInfo& info : allErrors()) {
    EXPECT_TRUE(ids.insert(info.id).second) << info.id;
    EXPECT_EQ(errorCodeById(info.id), info.code);
    EXPECT_EQ(&errorInfo(info.code), &info);
    EXPECT_FALSE(info.cause.empty());
    EXPECT_FALSE(info.fix.empty());
  }
  EXPECT_EQ(errorCodeById("FLINK-XXX-001"), std::nullopt);
}

}  // namespace
}  // namespace flink
