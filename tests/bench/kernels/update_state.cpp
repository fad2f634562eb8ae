// update_state update KEYS UPDATES [SNAPSHOTS]: one thread adds 1 to a ValueState<int64> of random
// keys in batches, as a keyed operator does (hash, prefetch, then one access per record), with so
// many delta snapshots written meanwhile. update_state fill ENTRIES: memory of a Long -> Long
// state. update_state timers TIMERS: registers and fires. Prints figures.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/rng.h"
#include "dataflow/state/make_state.h"

namespace {

using namespace flink;

constexpr std::size_t kBatch = 512;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t residentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  if (file == nullptr || std::fscanf(file, "%lu %lu", &total, &resident) != 2) std::exit(1);
  std::fclose(file);
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class NullSink final : public state::SnapshotSink {
 public:
  Status writeBlock(const state::BlockInfo&, ByteView content) override {
    numBytes += content.size();
    return Status::ok();
  }
  std::uint64_t numBytes = 0;
};

struct Bench {
  Bench() {
    state::KeyedBackendOptions options;
    options.key = &state::keyOps<std::int64_t>();
    options.clock = &clock;
    backend = state::makeHashMapStateBackend(std::move(options));
    count = state::makeState(*backend, ValueStateDescriptor<std::int64_t>("count")).value();
  }
  void add(const std::vector<std::int64_t>& keys) {
    types::KeyHash hashes[kBatch];
    for (std::size_t i = 0; i < keys.size(); ++i) hashes[i] = types::keyHash(keys[i]);
    constexpr std::size_t kAhead = 16;
    for (std::size_t i = 0; i < kAhead && i < keys.size(); ++i) backend->prefetch(hashes[i]);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kAhead < keys.size()) backend->prefetch(hashes[i + kAhead]);
      backend->setCurrentKey(&keys[i], hashes[i]);
      if (readThenWrite) {
        count.update(count.value().value_or(0) + 1);
      } else {
        ++count.modify();
      }
    }
  }
  SystemClock clock;
  std::unique_ptr<state::KeyedStateBackend> backend;
  ValueState<std::int64_t> count;
  bool readThenWrite = false;
};

void update(std::uint64_t numKeys, std::uint64_t numUpdates, std::uint64_t numSnapshots) {
  for (const bool readThenWrite : {false, true}) {
    Bench bench;
    bench.readThenWrite = readThenWrite;
    const std::unique_ptr<Rng> rng = makeSeededRng(1);
    std::vector<std::vector<std::int64_t>> batches(4096);
    for (auto& batch : batches) {
      for (std::size_t i = 0; i < kBatch; ++i)
        batch.push_back(static_cast<std::int64_t>(rng->below(numKeys)));
    }
    for (std::uint64_t key = 0; key < numKeys; ++key) bench.add({static_cast<std::int64_t>(key)});
    NullSink sink;
    const std::uint64_t numBatches = numUpdates / kBatch;
    double longestBegin = 0;
    const double start = seconds();
    state::SnapshotId id = 0;
    for (std::uint64_t i = 0; i < numBatches; ++i) {
      if (numSnapshots > 0 && i % (numBatches / numSnapshots) == 0 &&
          !bench.backend->isSnapshotPending()) {
        if (id > 0) bench.backend->confirmSnapshot(id);
        const double before = seconds();
        bench.backend->beginSnapshot(++id, state::SnapshotMode::kDelta);
        longestBegin = std::max(longestBegin, seconds() - before);
      }
      if (bench.backend->isSnapshotPending())
        (void)bench.backend->continueSnapshot(sink, 4096).value();
      bench.add(batches[i % batches.size()]);
    }
    const double took = seconds() - start;
    std::printf(
        "%s keys=%lu updates_per_s=%.0f ns_per_update=%.1f snapshots=%lu snapshot_mb=%lu "
        "longest_begin_us=%.0f\n",
        readThenWrite ? "value_update" : "modify", static_cast<unsigned long>(numKeys),
        static_cast<double>(numBatches * kBatch) / took,
        took * 1e9 / static_cast<double>(numBatches * kBatch), static_cast<unsigned long>(id),
        static_cast<unsigned long>(sink.numBytes >> 20U), longestBegin * 1e6);
  }
}

void fill(std::uint64_t numEntries) {
  Bench bench;
  const std::size_t before = residentBytes();
  const double start = seconds();
  double longest = 0;
  double least = 1e18;
  for (std::uint64_t key = 0; key < numEntries; ++key) {
    const double insertStart = key % 64 == 0 ? seconds() : 0;
    const auto k = static_cast<std::int64_t>(key);
    bench.backend->setCurrentKey(&k, types::keyHash(k));
    ++bench.count.modify();
    if (key % 64 == 0) longest = std::max(longest, seconds() - insertStart);
    if (key > numEntries / 4 && key % (numEntries / 64) == 0) {
      const auto bytes = static_cast<double>(residentBytes() - before);
      least = std::min(least, static_cast<double>(key) / bytes * (1 << 30));
    }
  }
  const double took = seconds() - start;
  const auto bytes = static_cast<double>(residentBytes() - before);
  std::printf(
      "fill entries=%lu inserts_per_s=%.0f bytes_per_entry=%.1f entries_per_gib=%.0f "
      "least_entries_per_gib=%.0f table_bytes_per_entry=%.1f\n",
      static_cast<unsigned long>(numEntries), static_cast<double>(numEntries) / took,
      bytes / static_cast<double>(numEntries), static_cast<double>(numEntries) / bytes * (1 << 30),
      least,
      static_cast<double>(bench.backend->figures().front().numBytes) /
          static_cast<double>(numEntries));
}

void timers(std::uint64_t numTimers) {
  Bench bench;
  state::TimerQueue& queue = *bench.backend->timerQueue("timers").value();
  const std::unique_ptr<Rng> rng = makeSeededRng(1);
  const std::size_t before = residentBytes();
  double start = seconds();
  for (std::uint64_t i = 0; i < numTimers; ++i) {
    const auto key = static_cast<std::int64_t>(rng->below(numTimers));
    bench.backend->setCurrentKey(&key, types::keyHash(key));
    queue.registerTimer({}, static_cast<std::int64_t>(rng->below(1000000)));
  }
  const double registered = seconds() - start;
  const std::size_t bytes = residentBytes() - before;
  const auto held = static_cast<double>(queue.size());
  start = seconds();
  while (queue.poll(1000000) != nullptr) {
  }
  std::printf("timers held=%.0f register_ns=%.0f poll_ns=%.0f bytes_per_timer=%.0f\n", held,
              registered * 1e9 / static_cast<double>(numTimers), (seconds() - start) * 1e9 / held,
              static_cast<double>(bytes) / held);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 2 ? argv[1] : "";
  const auto number = [&](int i) { return i < argc ? std::strtoull(argv[i], nullptr, 10) : 0; };
  if (verb == "update") {
    update(number(2), number(3), number(4));
  } else if (verb == "fill") {
    fill(number(2));
  } else if (verb == "timers") {
    timers(number(2));
  } else {
    std::fprintf(stderr,
                 "update_state update KEYS UPDATES [SNAPSHOTS] | fill ENTRIES | timers N\n");
    return 2;
  }
  return 0;
}
