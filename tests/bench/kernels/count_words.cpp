// count_words FILE map|flat: what plain C++ needs to count the words of a file on two threads, each
// with its half and its own table: std::unordered_map<std::string, ...>, or a flat table of open
// addressing with its keys side by side. Prints words and seconds.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

template <class F>
std::uint64_t forEachWord(std::string_view text, F&& emit) {
  std::uint64_t words = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    while (at != end && isSpace(*at)) ++at;
    const char* const begin = at;
    while (at != end && !isSpace(*at)) ++at;
    if (at == begin) break;
    emit(std::string_view(begin, static_cast<std::size_t>(at - begin)));
    ++words;
  }
  return words;
}

std::uint64_t countInMap(std::string_view text) {
  std::unordered_map<std::string, std::int64_t> counts;
  std::string word;
  return forEachWord(text, [&](std::string_view view) {
    word.assign(view);
    ++counts[word];
  });
}

class FlatCounts {
 public:
  void add(std::string_view word) {
    const std::uint64_t hash = hashOf(word);
    std::size_t slot = hash & (slots_.size() - 1);
    while (true) {
      Slot& at = slots_[slot];
      if (at.count == 0) {
        std::memcpy(keys_.data() + numKeyBytes_, word.data(), word.size());
        at = {hash, std::string_view(keys_.data() + numKeyBytes_, word.size()), 1};
        numKeyBytes_ += word.size();
        return;
      }
      if (at.hash == hash && at.word == word) {
        ++at.count;
        return;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::string_view word;
    std::int64_t count = 0;
  };
  static std::uint64_t hashOf(std::string_view word) {
    std::uint64_t hash = word.size() * 0x9e3779b97f4a7c15ULL;
    while (word.size() >= 8) {
      std::uint64_t part;
      std::memcpy(&part, word.data(), 8);
      hash = (hash ^ part) * 0xbf58476d1ce4e5b9ULL;
      hash ^= hash >> 32U;
      word.remove_prefix(8);
    }
    std::uint64_t part = 0;
    for (std::size_t i = 0; i < word.size(); ++i)
      part |= static_cast<std::uint64_t>(static_cast<unsigned char>(word[i])) << (8 * i);
    hash = (hash ^ part) * 0x94d049bb133111ebULL;
    return hash ^ (hash >> 29U);
  }
  std::vector<char> keys_ = std::vector<char>(std::size_t{8} << 20U);
  std::size_t numKeyBytes_ = 0;
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 18U);
};

std::uint64_t countFlat(std::string_view text) {
  FlatCounts counts;
  return forEachWord(text, [&](std::string_view word) { counts.add(word); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: count_words FILE map|flat\n");
    return 2;
  }
  const int fd = ::open(argv[1], O_RDONLY);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  const void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    return 1;
  }
  const std::string_view text(static_cast<const char*>(memory), size);
  const std::size_t half = text.find('\n', size / 2) + 1;
  const auto count = std::string_view(argv[2]) == "flat" ? countFlat : countInMap;

  const auto start = std::chrono::steady_clock::now();
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::thread other([&] { first = count(text.substr(0, half)); });
  second = count(text.substr(half));
  other.join();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%llu %.4f\n", static_cast<unsigned long long>(first + second), seconds.count());
  return 0;
}
