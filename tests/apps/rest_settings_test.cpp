#include "apps/rest_settings.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "tests/connectors/temporary_directory.h"

namespace flink::apps {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

class RestSettingsTest : public ::testing::Test {
 protected:
  Result<UploadDirectory> uploads(const std::string& key, const std::string& value) {
    config::Configuration configuration;
    configuration.setString(key, value);
    return makeUploadDirectory(configuration, directory_.files(), *rng_);
  }
  connectors::TemporaryDirectory directory_;
  std::unique_ptr<Rng> rng_ = makeSystemRng();
  SystemClock clock_;
};

TEST_F(RestSettingsTest, TemporaryUploadsAreTheirOwnersAloneAndGoWithHim) {
  for (const char* key : {"web.tmpdir", "io.tmp.dirs"}) {
    std::string first;
    {
      const auto one = uploads(key, directory_.path());
      const auto other = uploads(key, directory_.path());
      ASSERT_TRUE(one) << one.status().toString();
      ASSERT_TRUE(other) << other.status().toString();
      first = one->path;
      EXPECT_THAT(first, StartsWith(directory_.path() + "/flink-web-"));
      EXPECT_NE(first, other->path);
      struct stat found {};
      ASSERT_EQ(::stat(one->temporary->path().c_str(), &found), 0);
      EXPECT_EQ(found.st_mode & 0777, 0700U);
      ASSERT_TRUE(directory_.files().createDirectories(first));
    }
    EXPECT_THAT(*directory_.files().list(directory_.path()), IsEmpty()) << key;
  }
}

TEST_F(RestSettingsTest, ConfiguredUploadsStay) {
  {
    const auto kept = uploads("web.upload.dir", directory_.path());
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->path, directory_.path() + "/flink-web-upload");
    ASSERT_TRUE(directory_.files().createDirectories(kept->path));
  }
  EXPECT_EQ(directory_.files().list(directory_.path())->size(), 1U);
}

TEST_F(RestSettingsTest, DashboardsGetTheTimezoneOfTheProcess) {
  const auto dashboardIn = [&](const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
    return readRestSettings({}, clock_)->dashboard;
  };
  EXPECT_EQ(dashboardIn("XYZ-5:30").timezoneName, "XYZ");
  EXPECT_EQ(dashboardIn("XYZ-5:30").timezoneOffsetMs, 19'800'000);
  EXPECT_EQ(dashboardIn("UTC").timezoneName, "Coordinated Universal Time");
  EXPECT_EQ(dashboardIn("UTC").timezoneOffsetMs, 0);
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace flink::apps
