// verify DIRECTORY END KEYS: holds the finished parts of a chaos run against what the numbers below
// END give. Files in progress do not count. Prints examples of what is wrong and, last,
// `records=… lost=… duplicated=… corrupted=…`; exit 0 when those three are 0.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/chaos/expected.h"

namespace {

using flink::chaos::Shape;

class Verifier {
 public:
  Verifier(Shape shape, std::int64_t end)
      : shape_(shape),
        end_(end),
        windows_(end / shape.windowSize() + 1),
        numbers_(static_cast<std::size_t>(end)),
        sums_(static_cast<std::size_t>(windows_ * shape.keys)) {}

  void read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    while (std::getline(file, line)) {
      if (file.eof() || !take(line)) wrong(corrupted_, "corrupted", path.string() + ": " + line);
    }
  }
  int report() {
    std::int64_t records = 0;
    for (std::int64_t n = 0; n < end_; ++n) {
      count(numbers_[static_cast<std::size_t>(n)], "number " + std::to_string(n));
      ++records;
    }
    for (std::int64_t index = 0; index < windows_; ++index) {
      for (std::int64_t key = 0; key < shape_.keys; ++key) {
        if (shape_.windowOf(key, index, end_).first == 0) continue;
        count(sums_[slot(key, index)],
              "window " + std::to_string(index) + " of key " + std::to_string(key));
        ++records;
      }
    }
    std::cout << "records=" << records << " lost=" << lost_ << " duplicated=" << duplicated_
              << " corrupted=" << corrupted_ << "\n";
    return lost_ + duplicated_ + corrupted_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }

 private:
  [[nodiscard]] std::size_t slot(std::int64_t key, std::int64_t index) const {
    return static_cast<std::size_t>(index * shape_.keys + key);
  }
  /// False: no line that the job may write.
  bool take(const std::string& line) {
    long long a = 0, b = 0, c = 0, d = 0;
    char rest = 0;
    if (std::sscanf(line.c_str(), "r %lld%c", &a, &rest) == 1) {
      if (a < 0 || a >= end_) return false;
      return add(numbers_[static_cast<std::size_t>(a)]);
    }
    if (std::sscanf(line.c_str(), "t %lld %lld %lld %lld%c", &a, &b, &c, &d, &rest) != 4)
      return false;
    if (a < 0 || a >= shape_.keys) return false;
    const std::int64_t index = (b - shape_.windowStart(a, 0)) / shape_.windowSize() - 1;
    if (index < 0 || index >= windows_ || shape_.windowStart(a, index + 1) != b) return false;
    if (shape_.windowOf(a, index, end_) != std::pair<std::int64_t, std::int64_t>(c, d))
      return false;
    return add(sums_[slot(a, index)]);
  }
  static bool add(std::uint8_t& seen) {
    if (seen < 255) ++seen;
    return true;
  }
  void count(std::uint8_t seen, const std::string& what) {
    if (seen == 0) wrong(lost_, "lost", what);
    if (seen > 1) wrong(duplicated_, "duplicated", what);
  }
  static void wrong(std::int64_t& number, const char* how, const std::string& what) {
    constexpr std::int64_t kExamples = 20;
    if (++number <= kExamples) std::cout << how << ": " << what << "\n";
  }

  const Shape shape_;
  const std::int64_t end_, windows_;
  std::vector<std::uint8_t> numbers_, sums_;  // how often each was seen
  std::int64_t lost_ = 0, duplicated_ = 0, corrupted_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: verify DIRECTORY END KEYS\n";
    return EXIT_FAILURE;
  }
  Shape shape;
  shape.keys = std::atoll(argv[3]);
  Verifier verifier(shape, std::atoll(argv[2]));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (entry.is_regular_file() && entry.path().filename().string()[0] != '.')
      verifier.read(entry.path());
  }
  return verifier.report();
}
