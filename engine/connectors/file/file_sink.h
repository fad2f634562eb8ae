#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/file/bucket_assigners.h"
#include "connectors/file/file_sink_tasks.h"
#include "connectors/file/part_files.h"
#include "connectors/file/rolling_policy.h"
#include "core/types/text.h"
#include "dataflow/operators/committing_sink.h"

namespace flink::connectors {

/// Appends a record to the bytes of a part file.
template <class T>
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual void encode(const T& element, std::string& out) const = 0;
};

/// A line of text per record, as print() shows it.
template <class T>
class SimpleStringEncoder final : public Encoder<T> {
 public:
  void encode(const T& element, std::string& out) const override {
    types::appendText(out, element);
    out += '\n';
  }
};

/// Writes records into part files below a path, exactly once: a part gets its name when a
/// checkpoint that has all of it is complete, and never changes again. Until then its name begins
/// with a dot, which readers skip by convention. Without checkpoints parts get their names at the
/// end of the input, so never in a stream that does not end.
template <class T>
class FileSink final : public Sink<T>,
                       public SupportsCommitter<FileSinkCommittable>,
                       public SupportsWriterState<T, InProgressPart> {
 public:
  /// Flink's defaults: buckets by the hour, DefaultRollingPolicy, a check of the buckets each
  /// minute.
  class RowFormatBuilder {
   public:
    template <class E>
    RowFormatBuilder(std::string path, E encoder) {
      settings_.path = std::move(path);
      settings_.encode = [encoder = std::move(encoder)](const T& element, std::string& out) {
        if constexpr (std::invocable<const E&, const T&, std::string&>)
          encoder(element, out);
        else
          encoder.encode(element, out);
      };
      withBucketAssigner(DateTimeBucketAssigner());
      withRollingPolicy(DefaultRollingPolicy::builder().build());
    }
    template <class A>
    RowFormatBuilder& withBucketAssigner(A assigner) {
      settings_.assign = [assigner = std::move(assigner)](const T& element,
                                                          const BucketContext& context) {
        if constexpr (std::invocable<const A&, const T&, const BucketContext&>)
          return std::string(assigner(element, context));
        else if constexpr (std::invocable<const A&, const T&>)
          return std::string(assigner(element));
        else
          return std::string(assigner.getBucketId(element, context));
      };
      return *this;
    }
    template <std::derived_from<RollingPolicy> P>
    RowFormatBuilder& withRollingPolicy(P policy) {
      settings_.rolling = std::make_shared<const P>(std::move(policy));
      return *this;
    }
    RowFormatBuilder& withOutputFileConfig(OutputFileConfig names) {
      settings_.names = std::move(names);
      return *this;
    }
    /// How often parts are rolled that are due by time.
    RowFormatBuilder& withBucketCheckInterval(std::chrono::milliseconds interval) {
      settings_.bucketCheckInterval = interval;
      return *this;
    }
    [[nodiscard]] FileSink build() const { return FileSink(settings_); }

   private:
    typename FileSink::Settings settings_;
  };

  /// `encoder`: an Encoder<T>, or `void f(const T&, std::string& out)`, which appends.
  template <class E>
  static RowFormatBuilder forRowFormat(std::string path, E encoder) {
    return RowFormatBuilder(std::move(path), std::move(encoder));
  }
  /// Refused: kUnsupported.
  template <class Factory>
  static RowFormatBuilder forBulkFormat(const std::string& path, const Factory& /*factory*/) {
    throwNoBulkFormats(path);
  }

  std::unique_ptr<SinkWriter<T>> createWriter(WriterInitContext& context) const override {
    return std::make_unique<Writer>(settings_, context);
  }
  std::unique_ptr<StatefulSinkWriter<T, InProgressPart>> restoreWriter(
      WriterInitContext& context, std::vector<InProgressPart> states) const override {
    auto writer = std::make_unique<Writer>(settings_, context);
    writer->parts().restore(states);
    return writer;
  }
  std::unique_ptr<Committer<FileSinkCommittable>> createCommitter(
      CommitterInitContext& context) const override {
    return makePartCommitter(context);
  }

 private:
  struct Settings {
    std::string path;
    std::function<void(const T&, std::string&)> encode;
    std::function<std::string(const T&, const BucketContext&)> assign;
    std::shared_ptr<const RollingPolicy> rolling;
    OutputFileConfig names;
    std::chrono::milliseconds bucketCheckInterval{60'000};
  };
  explicit FileSink(Settings settings) : settings_(std::move(settings)) {}

  class Writer final : public CommittingSinkWriter<T, FileSinkCommittable>,
                       public StatefulSinkWriter<T, InProgressPart> {
   public:
    Writer(const Settings& settings, WriterInitContext& context)
        : settings_(settings),
          task_(
              {settings.path, settings.rolling.get(), settings.names, settings.bucketCheckInterval},
              context.operatorContext()) {}
    [[nodiscard]] PartFiles& parts() { return task_.parts(); }

    void write(const T& element, const typename SinkWriter<T>::Context& around) override {
      encoded_.clear();
      settings_.encode(element, encoded_);
      BucketContext context{task_.now(), around.currentWatermark, std::nullopt};
      if (around.timestamp != types::kNoTimestamp) context.timestamp = around.timestamp;
      parts().write(settings_.assign(element, context), encoded_);
    }
    void flush(bool endOfInput) override {
      if (endOfInput) parts().rollAll();
    }
    std::vector<FileSinkCommittable> prepareCommit() override { return parts().prepareCommit(); }
    std::vector<InProgressPart> snapshotState(std::int64_t /*checkpointId*/) override {
      return parts().snapshot();
    }
    void close() override { task_.close(); }

   private:
    const Settings& settings_;
    FileSinkTask task_;
    std::string encoded_;
  };

  Settings settings_;
};

/// The name of FileSink before Flink 1.12; its sinks went to addSink(), which takes these too.
template <class T>
using StreamingFileSink = FileSink<T>;

}  // namespace flink::connectors
