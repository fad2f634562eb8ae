#include "core/metrics/registry.h"

#include <set>
#include <utility>

#include "core/base/log.h"

namespace flink::metrics {
namespace {

Logger kLog{"flink.metrics"};

/// Scope and liveness of one group, shared with the entries below it: an entry may be read while
/// its group closes.
struct GroupCore {
  std::string scope;
  std::map<std::string, std::string> variables;
  std::string prefix;
  Mutex reading;  ///< held while a gauge of this group is read
  bool closed FLINK_GUARDED_BY(reading) = false;
};

using Metric = std::variant<std::shared_ptr<Counter>, std::shared_ptr<Meter>,
                            std::shared_ptr<Histogram>, std::shared_ptr<const Gauge>>;

struct Entry {
  std::shared_ptr<GroupCore> group;
  std::string name;
  Metric metric;
};

MetricSample sampleOf(const Entry& entry, MetricKind kind) {
  return {entry.group->scope, entry.group->variables, entry.group->prefix + entry.name, kind,
          std::int64_t{0}};
}

/// False when the group is closed or its gauge threw.
bool readGauge(const Entry& entry, const Gauge& gauge, MetricSample& sample) {
  const MutexLock lock(entry.group->reading);
  if (entry.group->closed) return false;
  try {
    std::visit([&](auto&& value) { sample.value = std::forward<decltype(value)>(value); }, gauge());
    return true;
  } catch (const std::exception& e) {
    FLINK_DEBUG(kLog, "a gauge threw and is left out: metric={} reason={}", sample.name, e.what());
  } catch (...) {
    FLINK_DEBUG(kLog, "a gauge threw and is left out: metric={}", sample.name);
  }
  return false;
}

}  // namespace

struct MetricRegistry::State {
  explicit State(const Clock& registryClock)
      : clock(registryClock), lastTick(registryClock.now()) {}

  void advanceMeters() FLINK_REQUIRES(mutex) {
    constexpr Duration kTick = std::chrono::seconds(Meter::kUpdateIntervalSeconds);
    const std::int64_t ticks = (clock.now() - lastTick) / kTick;
    if (ticks <= 0) return;
    lastTick += ticks * kTick;
    for (auto& [sequence, entry] : entries) {
      if (auto* meter = std::get_if<std::shared_ptr<Meter>>(&entry.metric)) (*meter)->update(ticks);
    }
  }

  const Clock& clock;
  Mutex mutex;
  MonotonicTime lastTick FLINK_GUARDED_BY(mutex);
  std::uint64_t nextSequence FLINK_GUARDED_BY(mutex) = 0;
  std::map<std::uint64_t, Entry> entries FLINK_GUARDED_BY(mutex);
};

/// A group's place in the tree. The maps are guarded by the registry's mutex.
struct MetricGroup::Node {
  std::shared_ptr<MetricRegistry::State> registry;
  std::shared_ptr<GroupCore> core;
  std::weak_ptr<Node> parent;
  std::string nameInParent;  ///< of a group made by addGroup()
  bool open = true;
  std::map<std::string, std::uint64_t> entries;                ///< name → sequence
  std::map<std::string, std::shared_ptr<MetricGroup>> groups;  ///< by addGroup()
  std::set<std::weak_ptr<Node>, std::owner_less<>> scoped;     ///< by scopedChild()

  /// Registers what `make` returns, or gives what is there already.
  template <class T, class Make>
  std::shared_ptr<T> add(const std::string& name, Make make) {
    const MutexLock lock(registry->mutex);
    if (const auto it = entries.find(name); it != entries.end()) {
      if (auto* existing =
              std::get_if<std::shared_ptr<T>>(&registry->entries.at(it->second).metric)) {
        if constexpr (!std::is_same_v<T, const Gauge>) return *existing;
      }
      FLINK_WARN(
          kLog,
          "a metric with this name is registered already, the new one is not reported: metric={}{}",
          core->prefix, name);
      return make();
    }
    std::shared_ptr<T> metric = make();
    if (!open) return metric;
    const std::uint64_t sequence = registry->nextSequence++;
    registry->entries.emplace(sequence, Entry{core, name, metric});
    entries.emplace(name, sequence);
    return metric;
  }

  /// Takes this group and all below it out of the registry; their cores and child groups are handed
  /// to the caller, who closes and destroys them without the lock.
  static void detach(MetricRegistry::State& state, Node& node,
                     std::vector<std::shared_ptr<GroupCore>>& cores,
                     std::vector<std::shared_ptr<MetricGroup>>& children)
      FLINK_REQUIRES(state.mutex) {
    if (!node.open) return;
    node.open = false;
    for (const auto& [name, sequence] : node.entries) state.entries.erase(sequence);
    node.entries.clear();
    cores.push_back(node.core);
    for (auto& [name, group] : node.groups) {
      detach(state, *group->node_, cores, children);
      children.push_back(std::move(group));
    }
    node.groups.clear();
    for (const auto& weak : node.scoped) {
      if (const auto child = weak.lock()) detach(state, *child, cores, children);
    }
    node.scoped.clear();
  }
};

MetricGroup::MetricGroup(std::shared_ptr<Node> node) : node_(std::move(node)) {}

std::shared_ptr<MetricGroup> MetricGroup::create(std::shared_ptr<Node> node) {
  return std::shared_ptr<MetricGroup>(new MetricGroup(std::move(node)));
}

MetricGroup::~MetricGroup() {
  close();
}

void MetricGroup::close() {
  std::vector<std::shared_ptr<GroupCore>> cores;
  std::vector<std::shared_ptr<MetricGroup>> children;
  {
    const MutexLock lock(node_->registry->mutex);
    Node::detach(*node_->registry, *node_, cores, children);
    if (const auto parent = node_->parent.lock()) {
      parent->scoped.erase(node_);
      const auto it = parent->groups.find(node_->nameInParent);
      if (it != parent->groups.end() && it->second.get() == this) {
        children.push_back(std::move(it->second));
        parent->groups.erase(it);
      }
    }
  }
  for (const auto& core : cores) {
    const MutexLock lock(core->reading);
    core->closed = true;
  }
}

std::shared_ptr<Counter> MetricGroup::counter(const std::string& name) {
  return node_->add<Counter>(name, [] { return std::make_shared<Counter>(); });
}

std::shared_ptr<Meter> MetricGroup::meter(const std::string& name,
                                          std::shared_ptr<Counter> counter) {
  return node_->add<Meter>(name, [&] {
    return std::make_shared<Meter>(counter != nullptr ? std::move(counter)
                                                      : std::make_shared<Counter>());
  });
}

std::shared_ptr<Histogram> MetricGroup::histogram(const std::string& name, std::size_t windowSize) {
  return node_->add<Histogram>(name, [&] { return std::make_shared<Histogram>(windowSize); });
}

void MetricGroup::gauge(const std::string& name, Gauge read) {
  node_->add<const Gauge>(name, [&] { return std::make_shared<const Gauge>(std::move(read)); });
}

std::shared_ptr<MetricGroup> MetricGroup::addGroup(const std::string& name) {
  const MutexLock lock(node_->registry->mutex);
  if (const auto it = node_->groups.find(name); it != node_->groups.end()) return it->second;
  auto child = std::make_shared<Node>();
  child->registry = node_->registry;
  child->core = std::make_shared<GroupCore>();
  child->core->scope = node_->core->scope;
  child->core->variables = node_->core->variables;
  child->core->prefix = node_->core->prefix + name + ".";
  child->parent = node_;
  child->nameInParent = name;
  child->open = node_->open;
  auto group = create(std::move(child));
  if (node_->open) node_->groups.emplace(name, group);
  return group;
}

std::shared_ptr<MetricGroup> MetricGroup::scopedChild(
    const std::string& scopeWord, std::map<std::string, std::string> variables) {
  auto child = std::make_shared<Node>();
  child->registry = node_->registry;
  child->core = std::make_shared<GroupCore>();
  child->core->scope = node_->core->scope + "." + scopeWord;
  child->core->variables = std::move(variables);
  child->core->variables.insert(node_->core->variables.begin(), node_->core->variables.end());
  child->parent = node_;
  const MutexLock lock(node_->registry->mutex);
  child->open = node_->open;
  if (node_->open) node_->scoped.insert(child);
  return create(std::move(child));
}

const std::map<std::string, std::string>& MetricGroup::variables() const {
  return node_->core->variables;
}

MetricRegistry::MetricRegistry(const Clock& clock) : state_(std::make_shared<State>(clock)) {}

MetricRegistry::~MetricRegistry() = default;

std::shared_ptr<MetricGroup> MetricRegistry::root(const std::string& scope,
                                                  std::map<std::string, std::string> variables) {
  auto node = std::make_shared<MetricGroup::Node>();
  node->registry = state_;
  node->core = std::make_shared<GroupCore>();
  node->core->scope = scope;
  node->core->variables = std::move(variables);
  return MetricGroup::create(std::move(node));
}

std::vector<MetricSample> MetricRegistry::collect() {
  std::vector<Entry> entries;
  {
    const MutexLock lock(state_->mutex);
    state_->advanceMeters();
    entries.reserve(state_->entries.size());
    for (const auto& [sequence, entry] : state_->entries) entries.push_back(entry);
  }
  std::vector<MetricSample> samples;
  samples.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (const auto* counter = std::get_if<std::shared_ptr<Counter>>(&entry.metric)) {
      samples.push_back(sampleOf(entry, MetricKind::kCounter));
      samples.back().value = (*counter)->count();
    } else if (const auto* meter = std::get_if<std::shared_ptr<Meter>>(&entry.metric)) {
      samples.push_back(sampleOf(entry, MetricKind::kMeter));
      samples.back().value = (*meter)->rate();
    } else if (const auto* histogram = std::get_if<std::shared_ptr<Histogram>>(&entry.metric)) {
      samples.push_back(sampleOf(entry, MetricKind::kHistogram));
      samples.back().value = (*histogram)->statistics();
    } else {
      MetricSample sample = sampleOf(entry, MetricKind::kGauge);
      if (readGauge(entry, *std::get<std::shared_ptr<const Gauge>>(entry.metric), sample)) {
        samples.push_back(std::move(sample));
      }
    }
  }
  return samples;
}

}  // namespace flink::metrics
