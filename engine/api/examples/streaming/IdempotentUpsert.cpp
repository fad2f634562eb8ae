#include <flink/datastream.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace {

using WordCount = std::pair<std::string, std::int64_t>;

/// Keeps the newest count of every word in a file of its own, `<directory>/<word in hex>`. Nothing
/// is committed: after a failure words are counted once more from the checkpoint on, and their
/// files written once more, until each holds what it would hold without the failure. That works for
/// results which are the same the second time, where somebody who looks meanwhile may see an older
/// one.
class UpsertFiles final : public flink::Sink<WordCount> {
 public:
  explicit UpsertFiles(std::string directory) : directory_(std::move(directory)) {}
  std::unique_ptr<flink::SinkWriter<WordCount>> createWriter(
      flink::WriterInitContext& context) const override {
    flink::FileSystem& files = *context.operatorContext().files;
    flink::throwIfError(files.createDirectories(directory_));
    return std::make_unique<Writer>(directory_, files);
  }

 private:
  class Writer final : public flink::SinkWriter<WordCount> {
   public:
    Writer(std::string directory, flink::FileSystem& files)
        : directory_(std::move(directory)), files_(files) {}
    void write(const WordCount& element, const Context& /*context*/) override {
      newest_[element.first] = element.second;
      if (newest_.size() >= kMostWords) flush(false);
    }
    /// Comes before every checkpoint: what that has is in files which outlive a crash.
    void flush(bool /*endOfInput*/) override {
      if (newest_.empty()) return;
      for (const auto& [word, count] : newest_) upsert(word, count);
      flink::throwIfError(files_.syncDirectory(directory_));
      newest_.clear();
    }

   private:
    static constexpr std::size_t kMostWords = 10'000;

    /// The old content or the new one, never half of it.
    void upsert(const std::string& word, std::int64_t count) {
      const std::string path = directory_ + "/" + hex(word);
      const auto file = flink::valueOrThrow(files_.openWrite(path + ".tmp"));
      flink::throwIfError(file->append(flink::asBytes(std::to_string(count) + "\n")));
      flink::throwIfError(file->sync());
      flink::throwIfError(file->close());
      flink::throwIfError(files_.rename(path + ".tmp", path));
    }
    static std::string hex(const std::string& word) {
      constexpr const char* kDigits = "0123456789abcdef";
      std::string digits;
      for (const unsigned char c : word) {
        digits += kDigits[c >> 4];
        digits += kDigits[c & 15];
      }
      return digits;
    }

    const std::string directory_;
    flink::FileSystem& files_;
    std::map<std::string, std::int64_t> newest_;
  };

  std::string directory_;
};

}  // namespace

// Counts the words of --input, and keeps the counts in files below --output.
FLINK_JOB("IdempotentUpsert",
          [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
            env.readTextFile(args.get("input"))
                .flatMap([](const std::string& line, flink::Collector<std::string>& out) {
                  flink::splitWords(line, out);
                })
                .map([](std::string word) {
                  return WordCount{std::move(word), 1};
                })
                .keyBy([](const WordCount& count) -> const std::string& { return count.first; })
                .sum<1>()
                .sinkTo(UpsertFiles(args.get("output")))
                .name("upsert");
            env.execute("IdempotentUpsert");
          });
