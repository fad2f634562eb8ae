#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/collection/collection_source.h"
#include "connectors/file/file_source.h"
#include "connectors/sequence/number_sequence_source.h"
#include "core/base/rng.h"
#include "dataflow/operators/factories.h"
#include "dataflow/state/operator_state_backend.h"
#include "tests/connectors/temporary_directory.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::connectors {
namespace {

using operators::CollectingReceiver;
using operators::OperatorHarness;
using operators::SourceOperatorBase;

class BlockSink final : public state::SnapshotSink {
 public:
  Status writeBlock(const state::BlockInfo& info, ByteView content) override {
    blocks.emplace_back(info, std::string(asText(content)));
    return Status::ok();
  }
  std::vector<std::pair<state::BlockInfo, std::string>> blocks;
};

class InlineExecutor final : public Executor {
 public:
  std::shared_ptr<Handle> add(Steppable&) override { return nullptr; }
  void await(WaitCondition&) override {}
  void notify(WaitCondition&) override {}
  void runBlocking(std::function<void()> work) override { work(); }
  void stop() override {}
};

/// A source's coordinator and readers with messages that take their time, checkpoints whose
/// triggers come to each reader at another moment, and failures of everything or of one reader.
template <class T>
class SourceSimulation {
 public:
  static constexpr int kReaders = 3;

  SourceSimulation(const operators::OperatorFactory& factory, FileSystem& files, std::uint64_t seed)
      : factory_(factory), files_(files), rng_(makeSeededRng(seed)) {
    restart(std::nullopt);
  }
  ~SourceSimulation() { close(); }

  /// Runs to the end with checkpoints and failures on the way; what came out, once each.
  std::vector<T> run() {
    int failures = 4;
    while (!allEnded()) {
      switch (rng_->below(12)) {
        case 0:
          if (triggered_.size() < 40 && allRegistered()) trigger();
          break;
        case 1:
          if (failures > 0 && rng_->below(6) == 0) {
            --failures;
            restart(complete_);
          }
          break;
        case 2:
          if (failures > 0 && rng_->below(6) == 0) {
            --failures;
            restartReader(pick());
          }
          break;
        case 3:
          if (rng_->below(4) == 0 && !triggered_.empty()) abort(*triggered_.rbegin());
          break;
        default:
          step(pick());
      }
    }
    std::vector<T> all;
    for (const Reader& reader : readers_)
      all.insert(all.end(), reader.emitted.begin(), reader.emitted.end());
    return all;
  }

 private:
  using Id = state::SnapshotId;
  struct Part {
    std::vector<std::pair<state::BlockInfo, std::string>> blocks;
    std::vector<T> emitted;
  };
  struct Checkpoint {
    Id id = 0;
    std::map<int, Part> parts;
    std::optional<std::string> coordinator;
  };
  struct Reader {
    std::unique_ptr<state::OperatorStateBackend> state;
    std::unique_ptr<OperatorHarness> harness;
    CollectingReceiver<T> out;
    std::vector<T> emitted;
    std::deque<std::string> fromCoordinator, toCoordinator;
    std::deque<Id> triggers;
    bool registered = false;
    bool ended = false;
  };

  int pick() { return static_cast<int>(rng_->below(kReaders)); }
  static SourceOperatorBase& sourceOf(Reader& reader) {
    return dynamic_cast<SourceOperatorBase&>(*reader.harness->op);
  }
  bool allEnded() const {
    return std::all_of(readers_.begin(), readers_.end(), [](const Reader& r) { return r.ended; });
  }

  /// Checkpoints begin once all tasks run, and a task says that after it has registered.
  bool allRegistered() const {
    return std::all_of(readers_.begin(), readers_.end(),
                       [&](const Reader& r) { return coordinator_ == nullptr || r.registered; });
  }

  void openReader(Reader& reader, int index, const Checkpoint* from) {
    reader.harness.reset();
    reader.state = std::make_unique<state::OperatorStateBackend>();
    reader.harness = std::make_unique<OperatorHarness>();
    reader.emitted.clear();
    reader.out.records.clear();
    reader.fromCoordinator.clear();
    reader.toCoordinator.clear();
    reader.triggers.clear();
    reader.registered = reader.ended = false;
    operators::OperatorContext& context = reader.harness->context;
    context.subtaskIndex = index;
    context.parallelism = kReaders;
    context.state.operatorState = reader.state.get();
    if (from != nullptr) {
      context.state.restoredCheckpointId = from->id;
      const Part& part = from->parts.at(index);
      for (const auto& [info, content] : part.blocks)
        ASSERT_TRUE(reader.state->restoreBlock(info, asBytes(content)).isOk());
      reader.emitted = part.emitted;
    }
    reader.harness->open(factory_, {{"", &reader.out}});
  }

  void restart(const std::optional<Checkpoint>& from) {
    close();
    triggered_.clear();
    taking_.clear();
    readers_ = std::vector<Reader>(kReaders);
    coordinator_ = factory_.createCoordinator();
    if (coordinator_ != nullptr) {
      coordinatorContext_.parallelism = kReaders;
      coordinatorContext_.executor = &executor_;
      coordinatorContext_.files = &files_;
      coordinatorContext_.clock = &clock_;
      coordinatorContext_.wake = [] {};
      coordinatorContext_.sendToSubtask = [this](int subtask, std::string payload) {
        readers_[static_cast<std::size_t>(subtask)].fromCoordinator.push_back(std::move(payload));
      };
      if (from && from->coordinator) coordinator_->restore(*from->coordinator);
      coordinator_->open(coordinatorContext_);
      coordinator_->poll();
    }
    for (int i = 0; i < kReaders; ++i)
      openReader(readers_[static_cast<std::size_t>(i)], i, from ? &*from : nullptr);
  }

  void restartReader(int index) {
    abortAll();
    Reader& reader = readers_[static_cast<std::size_t>(index)];
    openReader(reader, index, complete_ ? &*complete_ : nullptr);
  }

  void trigger() {
    const Id id = ++lastId_;
    triggered_.insert(id);
    taking_[id].id = id;
    for (Reader& reader : readers_) reader.triggers.push_back(id);
  }
  void abort(Id id) {
    triggered_.erase(id);
    taking_.erase(id);
    for (Reader& reader : readers_) {
      std::erase(reader.triggers, id);
      reader.harness->op->notifyCheckpointAborted(id);
    }
  }
  void abortAll() {
    while (!triggered_.empty()) abort(*triggered_.begin());
  }

  /// One thing that may happen next to a reader.
  void step(int index) {
    Reader& reader = readers_[static_cast<std::size_t>(index)];
    SourceOperatorBase& source = sourceOf(reader);
    for (std::string& payload : std::exchange(reader.harness->sentToCoordinator, {}))
      reader.toCoordinator.push_back(std::move(payload));
    switch (rng_->below(4)) {
      case 0:
        if (reader.toCoordinator.empty()) return;
        coordinator_->handleEvent(index, reader.toCoordinator.front());
        coordinator_->poll();
        reader.toCoordinator.pop_front();
        reader.registered = true;
        return;
      case 1: {
        if (reader.fromCoordinator.empty()) return;
        const std::string payload = std::move(reader.fromCoordinator.front());
        reader.fromCoordinator.pop_front();
        source.handleEvent(payload);
        return;
      }
      case 2:
        if (!reader.triggers.empty() && source.prepareSnapshot(reader.triggers.front()))
          snapshot(index, reader);
        return;
      default:
        if (!reader.ended)
          reader.ended = source.poll(1 + rng_->below(5)) == SourceOperatorBase::Poll::kEnd;
        reader.emitted.insert(reader.emitted.end(), reader.out.records.begin(),
                              reader.out.records.end());
        reader.out.records.clear();
    }
  }

  void snapshot(int index, Reader& reader) {
    const Id id = reader.triggers.front();
    reader.triggers.pop_front();
    Checkpoint& checkpoint = taking_.at(id);
    state::SnapshotContext context;
    context.checkpointId = id;
    context.operatorState = reader.state.get();
    SourceOperatorBase& source = sourceOf(reader);
    source.snapshotState(context);
    BlockSink sink;
    ASSERT_TRUE(reader.state->snapshot(sink).isOk());
    checkpoint.parts[index] = {std::move(sink.blocks), reader.emitted};
    if (auto stored = source.takeCoordinatorSnapshot()) checkpoint.coordinator = std::move(stored);
    if (checkpoint.parts.size() < kReaders) return;
    EXPECT_EQ(checkpoint.coordinator.has_value(), coordinator_ != nullptr);
    complete_ = std::move(checkpoint);
    taking_.erase(id);
    triggered_.erase(id);
    while (!triggered_.empty() && *triggered_.begin() < id) abort(*triggered_.begin());
    for (Reader& other : readers_) other.harness->op->notifyCheckpointComplete(id);
  }

  void close() {
    readers_.clear();
    if (coordinator_ != nullptr) coordinator_->close();
    coordinator_.reset();
  }

  const operators::OperatorFactory& factory_;
  FileSystem& files_;
  std::unique_ptr<Rng> rng_;
  InlineExecutor executor_;
  SystemClock clock_;
  operators::CoordinatorContext coordinatorContext_;
  std::unique_ptr<operators::OperatorCoordinator> coordinator_;
  std::vector<Reader> readers_;
  Id lastId_ = 0;
  std::set<Id> triggered_;
  std::map<Id, Checkpoint> taking_;
  std::optional<Checkpoint> complete_;
};

TEST(SourceCheckpointTest, NumberSequenceIsReadOnceWhateverFails) {
  const TemporaryDirectory directory;
  const auto factory = operators::makeSourceFactory<std::int64_t>(
      std::shared_ptr<const Source<std::int64_t, NumberSequenceSplit>>(
          std::make_shared<NumberSequenceSource>(1, 300)));
  std::vector<std::int64_t> expected(300);
  std::iota(expected.begin(), expected.end(), 1);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SourceSimulation<std::int64_t> simulation(*factory, directory.files(), seed);
    std::vector<std::int64_t> found = simulation.run();
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found, expected);
  }
}

TEST(SourceCheckpointTest, LinesOfFilesAreReadOnceWhateverFails) {
  const TemporaryDirectory directory;
  std::vector<std::string> expected;
  // Several splits: small files, and one that is cut inside its lines.
  std::string large;
  for (int i = 0; i < 3'000; ++i) {
    expected.push_back("line " + std::to_string(i) +
                       std::string(static_cast<std::size_t>(200 + i % 97), '.'));
    large += expected.back() + (i % 3 == 0 ? "\r\n" : "\n");
  }
  directory.write("large", large);
  for (int f = 0; f < 5; ++f) {
    expected.push_back("file " + std::to_string(f));
    directory.write("small-" + std::to_string(f), expected.back());
  }
  std::sort(expected.begin(), expected.end());
  const auto factory = operators::makeSourceFactory<std::string>(
      std::shared_ptr<const Source<std::string, FileSplit>>(
          std::make_shared<FileSource>(FileSource::forTextLines(directory.path()))));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SourceSimulation<std::string> simulation(*factory, directory.files(), seed);
    std::vector<std::string> found = simulation.run();
    std::sort(found.begin(), found.end());
    ASSERT_TRUE(found == expected) << found.size() << " of " << expected.size();
  }
}

TEST(SourceCheckpointTest, CollectionGoesOnBehindWhatItEmitted) {
  std::string elements;
  for (std::int64_t n = 0; n < 100; ++n) types::appendTo(elements, n);
  const auto factory =
      makeCollectionSourceFactory<std::int64_t>(std::make_shared<const std::string>(elements));
  state::OperatorStateBackend backend;
  BlockSink sink;
  {
    OperatorHarness harness;
    CollectingReceiver<std::int64_t> out;
    harness.context.state.operatorState = &backend;
    auto& source = dynamic_cast<SourceOperatorBase&>(harness.open(*factory, {{"", &out}}));
    EXPECT_EQ(source.poll(30), SourceOperatorBase::Poll::kMore);
    source.snapshotState({});
    ASSERT_TRUE(backend.snapshot(sink).isOk());
    EXPECT_EQ(source.poll(30), SourceOperatorBase::Poll::kMore);
  }
  state::OperatorStateBackend restored;
  for (const auto& [info, content] : sink.blocks)
    ASSERT_TRUE(restored.restoreBlock(info, asBytes(content)).isOk());
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.context.state.operatorState = &restored;
  auto& source = dynamic_cast<SourceOperatorBase&>(harness.open(*factory, {{"", &out}}));
  EXPECT_EQ(source.poll(1000), SourceOperatorBase::Poll::kEnd);
  ASSERT_EQ(out.records.size(), 70U);
  EXPECT_EQ(out.records.front(), 30);
}

}  // namespace
}  // namespace flink::connectors
