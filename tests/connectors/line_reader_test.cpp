#include "connectors/file/line_reader.h"

#include <gmock/gmock.h>

#include "tests/connectors/temporary_directory.h"

namespace flink::connectors {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LineReaderTest : public testing::Test {
 protected:
  std::vector<std::string> lines(std::uint64_t offset, std::uint64_t length) {
    LineReader reader(dir_.files().openRead(dir_.path("f")).value(), "f", offset, length, buffer_);
    std::vector<std::string> found;
    std::string_view line;
    while (reader.next(line)) found.emplace_back(line);
    return found;
  }
  void write(std::string_view content) {
    dir_.write("f", content);
    size_ = content.size();
  }
  std::vector<std::string> all() { return lines(0, size_); }

  TemporaryDirectory dir_;
  std::string buffer_;
  std::size_t size_ = 0;
};

TEST_F(LineReaderTest, LinesEndWithNewlineOrCarriageReturnNewlineOrTheFile) {
  write("a\nb\r\n\r\n\nc\rd\n last");
  EXPECT_THAT(all(), ElementsAre("a", "b", "", "", "c\rd", " last"));
  write("a\n");
  EXPECT_THAT(all(), ElementsAre("a"));
  write("\r");
  EXPECT_THAT(all(), ElementsAre("\r"));
  write("");
  EXPECT_THAT(all(), IsEmpty());
}

TEST_F(LineReaderTest, BytesAreKept) {
  const std::string odd("\xff\0\x80 \x01", 5);
  write(odd + "\n" + odd);
  EXPECT_THAT(all(), ElementsAre(odd, odd));
}

TEST_F(LineReaderTest, EveryCutGivesEveryLineToExactlyOneRange) {
  write("one\ntwo\r\n\nfour\nfive");
  const auto whole = all();
  for (std::uint64_t cut = 0; cut <= size_; ++cut) {
    for (std::uint64_t second = cut; second <= size_; ++second) {
      std::vector<std::string> parts = lines(0, cut);
      for (auto& line : lines(cut, second - cut)) parts.push_back(line);
      for (auto& line : lines(second, size_ - second)) parts.push_back(line);
      EXPECT_EQ(parts, whole) << cut << " " << second;
    }
  }
}

TEST_F(LineReaderTest, LinesMayBeLongerThanABlock) {
  const std::string giant(3 * LineReader::kBlockBytes + 7, 'x');
  write("a\n" + giant + "\nb");
  EXPECT_THAT(all(), ElementsAre("a", giant, "b"));
  EXPECT_THAT(lines(LineReader::kBlockBytes, size_ - LineReader::kBlockBytes), ElementsAre("b"));
  EXPECT_THAT(lines(LineReader::kBlockBytes, 10), IsEmpty());
}

TEST_F(LineReaderTest, BlockEdgesCutNoLine) {
  std::string content;
  std::size_t count = 0;
  while (content.size() < 3 * LineReader::kBlockBytes)
    content += "line " + std::to_string(count++) + "\n";
  write(content);
  const auto found = all();
  ASSERT_EQ(found.size(), count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(found[i], "line " + std::to_string(i));
}

}  // namespace
}  // namespace flink::connectors
