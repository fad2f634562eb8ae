#include "core/metrics/registry.h"

#include <utility>

namespace flink::metrics {

namespace {

using Metric = std::variant<std::shared_ptr<Counter>, std::shared_ptr<Meter>, std::shared_ptr<Histogram>, Gauge>;

struct Entry {
  std::string scope;
  std::map<std::string, std::string> variables;
  Metric metric;
};

/// Group id and metric name: groups in the order they were made, names sorted, which is the order of collect().
using Key = std::pair<std::uint64_t, std::string>;

}  // namespace

struct MetricRegistry::State {
  explicit State(const Clock& registryClock) : clock(registryClock), nextUpdate(registryClock.now() + kTick) {}

  static constexpr Duration kTick = std::chrono::seconds(Meter::kUpdateIntervalSeconds);

  const Clock& clock;
  Mutex mutex;
  std::atomic<std::uint64_t> nextGroup{0};
  std::map<Key, Entry> entries FLINK_GUARDED_BY(mutex);
  MonotonicTime nextUpdate FLINK_GUARDED_BY(mutex);

  /// A second metric of the same name in one group replaces the first, as in Flink.
  void add(std::uint64_t group, std::string name, Entry entry) {
    const MutexLock lock(mutex);
    entries.insert_or_assign(Key(group, std::move(name)), std::move(entry));
  }

  void remove(std::uint64_t group) {
    const MutexLock lock(mutex);
    entries.erase(entries.lower_bound({group, ""}), entries.lower_bound({group + 1, ""}));
  }

  void updateMeters() FLINK_REQUIRES(mutex) {
    const MonotonicTime now = clock.now();
    while (nextUpdate <= now) {
      for (auto& [key, entry] : entries) {
        if (const auto* meter = std::get_if<std::shared_ptr<Meter>>(&entry.metric)) (*meter)->update();
      }
      nextUpdate += kTick;
      // After a long pause the windows are all one value anyway; do not catch up tick by tick.
      if (now - nextUpdate > std::chrono::minutes(2)) nextUpdate = now + kTick;
    }
  }
};

MetricRegistry::MetricRegistry(const Clock& clock) : state_(std::make_unique<State>(clock)) {}
MetricRegistry::~MetricRegistry() = default;

std::shared_ptr<MetricGroup> MetricRegistry::root(const std::string& scope, std::map<std::string, std::string> variables) {
  return std::make_shared<MetricGroup>(*this, scope, std::move(variables), "");
}

std::vector<MetricSample> MetricRegistry::collect() {
  const MutexLock lock(state_->mutex);
  state_->updateMeters();
  std::vector<MetricSample> samples;
  samples.reserve(state_->entries.size());
  for (const auto& [key, entry] : state_->entries) {
    MetricSample sample{entry.scope, entry.variables, key.second, MetricKind::kGauge, std::int64_t{0}};
    if (const auto* counter = std::get_if<std::shared_ptr<Counter>>(&entry.metric)) {
      sample.kind = MetricKind::kCounter;
      sample.value = (*counter)->count();
    } else if (const auto* meter = std::get_if<std::shared_ptr<Meter>>(&entry.metric)) {
      sample.kind = MetricKind::kMeter;
      sample.value = (*meter)->rate();
    } else if (const auto* histogram = std::get_if<std::shared_ptr<Histogram>>(&entry.metric)) {
      sample.kind = MetricKind::kHistogram;
      sample.value = (*histogram)->statistics();
    } else {
      std::visit([&](auto&& value) { sample.value = std::forward<decltype(value)>(value); },
                 std::get<Gauge>(entry.metric)());
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

MetricGroup::MetricGroup(MetricRegistry& registry, std::string scope, std::map<std::string, std::string> variables,
                         std::string prefix)
    : registry_(registry), scope_(std::move(scope)), variables_(std::move(variables)), prefix_(std::move(prefix)), id_(registry.state_->nextGroup++) {}

MetricGroup::~MetricGroup() { close(); }

std::shared_ptr<Counter> MetricGroup::counter(const std::string& name) {
  auto counter = std::make_shared<Counter>();
  if (!closed_) registry_.state_->add(id_, prefix_ + name, {scope_, variables_, counter});
  return counter;
}

std::shared_ptr<Meter> MetricGroup::meter(const std::string& name, std::shared_ptr<Counter> counter) {
  auto meter = std::make_shared<Meter>(counter ? std::move(counter) : std::make_shared<Counter>());
  if (!closed_) registry_.state_->add(id_, prefix_ + name, {scope_, variables_, meter});
  return meter;
}

std::shared_ptr<Histogram> MetricGroup::histogram(const std::string& name, std::size_t windowSize) {
  auto histogram = std::make_shared<Histogram>(windowSize);
  if (!closed_) registry_.state_->add(id_, prefix_ + name, {scope_, variables_, histogram});
  return histogram;
}

void MetricGroup::gauge(const std::string& name, Gauge read) {
  if (!closed_) registry_.state_->add(id_, prefix_ + name, {scope_, variables_, std::move(read)});
}

std::shared_ptr<MetricGroup> MetricGroup::addGroup(const std::string& name) {
  return std::make_shared<MetricGroup>(registry_, scope_, variables_, prefix_ + name + ".");
}

std::shared_ptr<MetricGroup> MetricGroup::scopedChild(const std::string& scopeWord,
                                                      std::map<std::string, std::string> variables) {
  auto merged = variables_;
  for (auto& [name, value] : variables) merged[name] = std::move(value);
  return std::make_shared<MetricGroup>(registry_, scope_ + "." + scopeWord, std::move(merged), "");
}

void MetricGroup::close() {
  if (!closed_.exchange(true)) registry_.state_->remove(id_);
}

}  // namespace flink::metrics
