// Programs of the groups `state` and `state_ttl`.
#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include <flink/state.h>

#include "play.h"
#include "programs.h"

namespace flink::conformance {

namespace {

using namespace std::chrono_literals;
using Number = std::int32_t;

std::string orNull(const std::optional<Number>& value) {
  return value ? text(*value) : "null";
}

struct AppendDigits {
  Number operator()(Number a, Number b) const { return a * 10 + b; }
};
struct Add {
  Number operator()(Number a, Number b) const { return a + b; }
};
/// Shows its calls: `<`, what was added, `>`.
struct Quote {
  std::string createAccumulator() const { return "<"; }
  void add(Number value, std::string& accumulator) const { accumulator += text(value) + " "; }
  std::string getResult(const std::string& accumulator) const { return accumulator + ">"; }
  std::string merge(const std::string& a, const std::string& b) const { return a + b; }
};

/// An element's second field says what to do with the key's state, the third is its argument.
struct StateCommands : KeyedProcessFunction<std::string, Command, std::string> {
  explicit StateCommands(StateTtlConfig timeToLive = {}, bool sums = false)
      : ttl(timeToLive), sumsUp(sums) {}

  void open(const OpenContext&) override {
    RuntimeContext& context = getRuntimeContext();
    value = context.getState(living(ValueStateDescriptor<Number>("value")));
    list = context.getListState(living(ListStateDescriptor<Number>("list")));
    map = context.getMapState(living(MapStateDescriptor<Number, std::optional<Number>>("map")));
    reducing = context.getReducingState(
        living(sumsUp ? ReducingStateDescriptor<Number>("reducing", Add{})
                      : ReducingStateDescriptor<Number>("reducing", AppendDigits{})));
    aggregating = context.getAggregatingState(living(
        AggregatingStateDescriptor<Number, std::string, std::string>("aggregating", Quote{})));
  }
  void processElement(const Command& element, Context&, Collector<std::string>& out) override {
    const auto& [key, command, n] = element;
    const std::size_t dot = command.find('.');
    const std::string kind = command.substr(0, dot), verb = command.substr(dot + 1);
    std::string result;
    if (kind == "value") result = onValue(verb, n);
    if (kind == "list") result = onList(verb, n);
    if (kind == "map") result = onMap(verb, n);
    if (kind == "reducing") result = onReducing(verb, n);
    if (kind == "aggregating") result = onAggregating(verb, n);
    if (result.empty()) throw ScriptMistake("no such command: " + command);
    out.collect(row(key, command, result));
  }

 private:
  template <class Descriptor>
  Descriptor living(Descriptor descriptor) const {
    if (ttl.isEnabled()) descriptor.enableTimeToLive(ttl);
    return descriptor;
  }

  std::string onValue(const std::string& verb, Number n) {
    if (verb == "get") return orNull(value.value());
    if (verb == "set") value.update(n);
    if (verb == "setnull") value.update(std::nullopt);
    if (verb == "clear") value.clear();
    return known(verb, {"set", "setnull", "clear"});
  }
  std::string onList(const std::string& verb, Number n) {
    if (verb == "get")
      return "[" + joined(list.get(), [](Number element) { return text(element); }) + "]";
    if (verb == "add") list.add(n);
    if (verb == "addnull") list.add(std::optional<Number>());
    if (verb == "addall") list.addAll(std::vector<Number>{n, n + 1});
    if (verb == "addallempty") list.addAll(std::vector<Number>{});
    if (verb == "update") list.update(std::vector<Number>{n, n + 1});
    if (verb == "updateempty") list.update(std::vector<Number>{});
    if (verb == "updatenull") list.update(std::optional<std::vector<Number>>());
    if (verb == "clear") list.clear();
    return known(verb, {"add", "addall", "addallempty", "update", "updateempty", "clear"});
  }
  std::string onMap(const std::string& verb, Number n) {
    if (verb == "get") return orNull(map.get(n).value_or(std::nullopt));
    if (verb == "contains") return map.contains(n) ? "true" : "false";
    if (verb == "isempty") return map.isEmpty() ? "true" : "false";
    if (verb == "entries") return entries();
    if (verb == "put") map.put(n, std::optional<Number>(2 * n));
    if (verb == "putnull") map.put(n, std::optional<Number>());
    if (verb == "remove") map.remove(n);
    if (verb == "clear") map.clear();
    if (verb == "removeodd") {
      for (auto iterator = map.iterator(); iterator.hasNext();) {
        if (iterator.next().getKey() % 2 != 0) iterator.remove();
      }
    }
    if (verb == "setall") {
      for (auto entry : map.entries()) entry.setValue(std::optional<Number>(n));
    }
    return known(verb, {"put", "putnull", "remove", "clear", "removeodd", "setall"});
  }
  std::string entries() {
    std::vector<std::pair<Number, std::optional<Number>>> sorted;
    for (const auto& entry : map.entries()) sorted.emplace_back(entry.getKey(), entry.getValue());
    std::sort(sorted.begin(), sorted.end());
    return "{" +
           joined(sorted, [](const auto& e) { return text(e.first) + "=" + orNull(e.second); }) +
           "}";
  }
  std::string onReducing(const std::string& verb, Number n) {
    if (verb == "get") return orNull(reducing.get());
    if (verb == "add") reducing.add(n);
    if (verb == "clear") reducing.clear();
    return known(verb, {"add", "clear"});
  }
  std::string onAggregating(const std::string& verb, Number n) {
    if (verb == "get") return aggregating.get().value_or("null");
    if (verb == "add") aggregating.add(n);
    if (verb == "clear") aggregating.clear();
    return known(verb, {"add", "clear"});
  }
  /// What changes something says `ok`.
  static std::string known(const std::string& verb, std::initializer_list<const char*> verbs) {
    return std::find(verbs.begin(), verbs.end(), verb) == verbs.end() ? "" : "ok";
  }

  StateTtlConfig ttl;
  bool sumsUp;
  ValueState<Number> value;
  ListState<Number> list;
  MapState<Number, std::optional<Number>> map;
  ReducingState<Number> reducing;
  AggregatingState<Number, std::string> aggregating;
};

void stateCommands(Play& play, const StateCommands& commands) {
  play.out(play.source<Command>()
               .keyBy([](const Command& command) { return std::get<0>(command); })
               .process(commands));
}
Program withTimeToLive(StateTtlConfig::UpdateType update,
                       StateTtlConfig::StateVisibility visibility) {
  return [=](Play& play) {
    stateCommands(play, StateCommands(StateTtlConfig::newBuilder(100ms)
                                          .setUpdateType(update)
                                          .setStateVisibility(visibility)
                                          .disableCleanupInBackground()
                                          .build(),
                                      true));
  };
}

/// Emits elements in twos; the one that waits is operator state.
struct Twos : CheckpointedFunction {
  void flatMap(const Event& event, Collector<std::string>& out) {
    waiting.push_back(event.second);
    if (waiting.size() < 2) return;
    out.collect(joined(waiting, [](Number value) { return text(value); }));
    waiting.clear();
  }
  void initializeState(FunctionInitializationContext& context) override {
    kept = context.getOperatorStateStore().getListState(ListStateDescriptor<Number>("waiting"));
    for (const Number value : kept.get()) waiting.push_back(value);
  }
  void snapshotState(FunctionSnapshotContext& /*context*/) override { kept.update(waiting); }

  std::vector<Number> waiting;
  ListState<Number> kept;
};

}  // namespace

void addStatePrograms(Programs& to) {
  using Update = StateTtlConfig::UpdateType;
  using Visibility = StateTtlConfig::StateVisibility;
  auto& programs = to.programs;
  for (const char* name : {"value", "list", "list_null_refused", "list_update_null_refused", "map",
                           "reducing_aggregating"}) {
    programs[std::string("state/") + name] = [](Play& play) {
      stateCommands(play, StateCommands());
    };
  }
  programs["state/operator_list_state"] = [](Play& play) {
    play.out(play.source().flatMap<std::string>(Twos{}));
  };
  for (const char* name :
       {"create_and_write", "collections_per_element", "reducing_restarts", "snapshot_restore"}) {
    programs[std::string("state_ttl/") + name] =
        withTimeToLive(Update::OnCreateAndWrite, Visibility::NeverReturnExpired);
  }
  programs["state_ttl/read_and_write"] =
      withTimeToLive(Update::OnReadAndWrite, Visibility::NeverReturnExpired);
  programs["state_ttl/return_expired_until_cleanup"] =
      withTimeToLive(Update::OnCreateAndWrite, Visibility::ReturnExpiredIfNotCleanedUp);
}

}  // namespace flink::conformance
