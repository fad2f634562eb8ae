#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <flink/windowing.h>

#include "play.h"

/// The functions that many programs with windows share.
namespace flink::conformance {

constexpr auto keyOf = &Event::first;

inline auto keyed(Play& play) {
  return play.source().keyBy(keyOf);
}

inline const OutputTag<Event>& lateTag() {
  static const OutputTag<Event> tag("late");
  return tag;
}

template <class Elements>
std::string values(const Elements& elements) {
  return joined(elements, [](const Event& event) { return text(event.second); });
}
template <class Elements>
std::string sortedValues(const Elements& elements) {
  std::vector<std::int32_t> sorted;
  for (const Event& event : elements) sorted.push_back(event.second);
  std::sort(sorted.begin(), sorted.end());
  return joined(sorted, [](std::int32_t value) { return text(value); });
}
/// Elements as key:value.
template <class Elements>
std::vector<std::string> withKeys(const Elements& elements) {
  std::vector<std::string> texts;
  for (const Event& event : elements) texts.push_back(event.first + ":" + text(event.second));
  return texts;
}
inline std::string words(const std::vector<std::string>& texts) {
  return joined(texts, [](const std::string& word) { return word; });
}

/// Key, window and the values in the order of iteration.
struct Win : ProcessWindowFunction<Event, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    out.collect(row(key, context.window().start, context.window().end, values(elements)));
  }
};
/// The same with the values sorted.
struct SortedWin : ProcessWindowFunction<Event, std::string, std::string, TimeWindow> {
  void process(const std::string& key, Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    out.collect(row(key, context.window().start, context.window().end, sortedValues(elements)));
  }
};
/// Key and values, for the global window.
struct GlobalWin : ProcessWindowFunction<Event, std::string, std::string, GlobalWindow> {
  void process(const std::string& key, Context& /*context*/, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    out.collect(row(key, values(elements)));
  }
};
/// Window and elements over all keys.
struct AllWin : ProcessAllWindowFunction<Event, std::string, TimeWindow> {
  void process(Context& context, const Iterable<Event>& elements,
               Collector<std::string>& out) override {
    out.collect(row(context.window().start, context.window().end, words(withKeys(elements))));
  }
};

/// (a.key, a.value + b.value)
struct SumValues {
  Event operator()(const Event& a, const Event& b) const { return {a.first, a.second + b.second}; }
};
/// (a.key, a.value * 10 + b.value): shows the order of the calls.
struct AppendDigit {
  Event operator()(const Event& a, const Event& b) const {
    return {a.first, a.second * 10 + b.second};
  }
};

template <class Windowed>
void winWithLate(Play& play, const Windowed& windowed) {
  play.outWithSide(windowed.sideOutputLateData(lateTag()).process(Win{}), lateTag());
}

}  // namespace flink::conformance
