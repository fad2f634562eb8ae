// generate_text FILE BYTES SEED: lines of ten words out of 100,000, whose frequencies follow Zipf's
// law with exponent 1. Prints the number of words.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_set>
#include <vector>

namespace {

constexpr std::size_t kVocabulary = 100'000;
constexpr int kWordsPerLine = 10;

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

/// Draws an index with given weights in constant time (Walker's alias method).
class AliasTable {
 public:
  explicit AliasTable(const std::vector<double>& weights)
      : share_(weights.size()), alias_(weights.size()) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    std::vector<std::size_t> small, large;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      share_[i] = weights[i] / sum * static_cast<double>(weights.size());
      (share_[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t low = small.back();
      const std::size_t high = large.back();
      small.pop_back();
      alias_[low] = high;
      share_[high] -= 1 - share_[low];
      if (share_[high] < 1) {
        large.pop_back();
        small.push_back(high);
      }
    }
    for (const auto* rest : {&small, &large}) {
      for (const std::size_t i : *rest) share_[i] = 1;
    }
  }
  std::size_t draw(SplitMix& random) const {
    const std::size_t i = random.next() % share_.size();
    return random.uniform() < share_[i] ? i : alias_[i];
  }

 private:
  std::vector<double> share_;
  std::vector<std::size_t> alias_;
};

std::vector<std::string> makeVocabulary(SplitMix& random) {
  std::vector<std::string> words;
  std::unordered_set<std::string> known;
  while (words.size() < kVocabulary) {
    // Frequent words are short: 2 to 4 letters for the first ranks, 5 to 10 for the last.
    const std::size_t rank = words.size() + 1;
    const std::size_t base = rank < 100 ? 2 : rank < 5000 ? 4 : 5;
    std::string word(base + random.next() % (rank < 100 ? 3 : 6), ' ');
    for (char& c : word) c = static_cast<char>('a' + random.next() % 26);
    if (known.insert(word).second) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: generate_text FILE BYTES SEED\n");
    return 2;
  }
  const std::uint64_t bytes = std::strtoull(argv[2], nullptr, 10);
  SplitMix random(std::strtoull(argv[3], nullptr, 10));
  const std::vector<std::string> words = makeVocabulary(random);
  std::vector<double> weights;
  for (std::size_t rank = 1; rank <= words.size(); ++rank)
    weights.push_back(1.0 / static_cast<double>(rank));
  const AliasTable table(weights);

  std::FILE* file = std::fopen(argv[1], "wb");
  if (file == nullptr) {
    std::perror(argv[1]);
    return 1;
  }
  std::uint64_t written = 0;
  std::uint64_t numWords = 0;
  std::string block;
  while (written < bytes) {
    block.clear();
    while (block.size() < (1U << 20U) && written + block.size() < bytes) {
      for (int i = 0; i < kWordsPerLine; ++i) {
        block += words[table.draw(random)];
        block += i + 1 == kWordsPerLine ? '\n' : ' ';
      }
      numWords += kWordsPerLine;
    }
    if (std::fwrite(block.data(), 1, block.size(), file) != block.size()) {
      std::perror(argv[1]);
      return 1;
    }
    written += block.size();
  }
  if (std::fclose(file) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(numWords));
  return 0;
}
