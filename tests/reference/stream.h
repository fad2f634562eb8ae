#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

/// The reference interpreter: what a dataflow gives, evaluated in the plainest way. Every stream is
/// the list of its records; every operator makes a new list from one. There are no threads, no
/// batches, no snapshots, and nothing of the engine.
///
/// Operators on event time see their input sorted by timestamps and as if a watermark stood
/// directly below every record: the one order of a real run in which nothing is late. Where the
/// functions do not depend on the order of records of different sources, every real run gives the
/// same records in some order, so results are compared as multisets (Stream::counted()).
namespace flink::reference {

template <class T>
struct Element {
  T value;
  std::optional<std::int64_t> timestamp;
};

inline constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();

template <class K, class T>
class KeyedStream;
template <class K, class A, class B>
class ConnectedStreams;

/// What a process function may do beside reading its record.
template <class K, class Out>
class Context {
 public:
  Context(const K& key, std::optional<std::int64_t> timestamp, std::int64_t watermark,
          std::set<std::int64_t>& timers, std::vector<Element<Out>>& out)
      : key_(key), timestamp_(timestamp), watermark_(watermark), timers_(timers), out_(out) {}
  [[nodiscard]] const K& key() const { return key_; }
  /// Of the record, or of the timer.
  [[nodiscard]] std::optional<std::int64_t> timestamp() const { return timestamp_; }
  [[nodiscard]] std::int64_t watermark() const { return watermark_; }
  void registerTimer(std::int64_t time) { timers_.insert(time); }
  void deleteTimer(std::int64_t time) { timers_.erase(time); }
  void emit(Out value) { out_.push_back({std::move(value), timestamp_}); }

 private:
  const K& key_;
  const std::optional<std::int64_t> timestamp_;
  const std::int64_t watermark_;
  std::set<std::int64_t>& timers_;
  std::vector<Element<Out>>& out_;
};

/// A stream without keys.
template <class T>
class Stream {
 public:
  Stream() = default;
  explicit Stream(std::vector<Element<T>> elements) : elements_(std::move(elements)) {}
  static Stream of(const std::vector<T>& values) {
    Stream stream;
    for (const T& value : values) stream.elements_.push_back({value, std::nullopt});
    return stream;
  }

  /// `T2 f(const T&)`
  template <class F>
  auto map(F f) const {
    using Out = std::decay_t<std::invoke_result_t<F&, const T&>>;
    std::vector<Element<Out>> out;
    for (const auto& element : elements_) out.push_back({f(element.value), element.timestamp});
    return Stream<Out>(std::move(out));
  }
  /// `bool f(const T&)`
  template <class F>
  Stream filter(F f) const {
    std::vector<Element<T>> out;
    for (const auto& element : elements_) {
      if (f(element.value)) out.push_back(element);
    }
    return Stream(std::move(out));
  }
  /// `void f(const T&, emit)` with `emit(Out)`
  template <class Out, class F>
  Stream<Out> flatMap(F f) const {
    std::vector<Element<Out>> out;
    for (const auto& element : elements_) {
      f(element.value, [&](Out value) { out.push_back({std::move(value), element.timestamp}); });
    }
    return Stream<Out>(std::move(out));
  }
  /// `std::int64_t f(const T&)`
  template <class F>
  Stream assignTimestamps(F f) const {
    std::vector<Element<T>> out;
    for (const auto& element : elements_) out.push_back({element.value, f(element.value)});
    return Stream(std::move(out));
  }
  Stream unite(const Stream& other) const {
    std::vector<Element<T>> out = elements_;
    out.insert(out.end(), other.elements_.begin(), other.elements_.end());
    return Stream(std::move(out));
  }
  /// `K f(const T&)`
  template <class F>
  auto keyBy(F f) const {
    return KeyedStream<std::decay_t<std::invoke_result_t<F&, const T&>>, T>(elements_, f);
  }

  [[nodiscard]] const std::vector<Element<T>>& elements() const { return elements_; }
  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> result;
    for (const auto& element : elements_) result.push_back(element.value);
    return result;
  }
  /// How often each value is there.
  [[nodiscard]] std::map<T, std::int64_t> counted() const {
    std::map<T, std::int64_t> result;
    for (const auto& element : elements_) ++result[element.value];
    return result;
  }

 private:
  std::vector<Element<T>> elements_;
};

/// Evaluates keyed operators: elements with their keys, in the order in which time passes.
template <class K, class T>
class KeyedElements {
 public:
  struct Keyed {
    K key;
    Element<T> element;
  };

  template <class F>
  void add(const std::vector<Element<T>>& elements, F key) {
    for (const auto& element : elements) all_.push_back({key(element.value), element});
  }
  /// By timestamp; those without one, and equal ones, in the order of their arrival.
  [[nodiscard]] std::vector<Keyed> inTimeOrder() const {
    std::vector<Keyed> sorted = all_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Keyed& a, const Keyed& b) {
      return a.element.timestamp && b.element.timestamp &&
             *a.element.timestamp < *b.element.timestamp;
    });
    return sorted;
  }
  [[nodiscard]] const std::vector<Keyed>& inArrivalOrder() const { return all_; }

  /// Runs `onElement(State&, const T&, Context&)` per record and `onTimer(State&, std::int64_t,
  /// Context&)` per timer that time has reached, over one State per key.
  template <class Out, class State, class OnElement, class OnTimer>
  [[nodiscard]] Stream<Out> process(OnElement onElement, OnTimer onTimer) const {
    struct OfKey {
      State state{};
      std::set<std::int64_t> timers;
    };
    std::map<K, OfKey> keys;
    std::vector<Element<Out>> out;
    const auto advance = [&](std::int64_t watermark) {
      while (true) {
        // The earliest timer of all keys.
        auto next = keys.end();
        for (auto entry = keys.begin(); entry != keys.end(); ++entry) {
          if (entry->second.timers.empty() || *entry->second.timers.begin() > watermark) continue;
          if (next == keys.end() || *entry->second.timers.begin() < *next->second.timers.begin())
            next = entry;
        }
        if (next == keys.end()) return;
        const std::int64_t time = *next->second.timers.begin();
        next->second.timers.erase(time);
        Context<K, Out> context(next->first, time, watermark, next->second.timers, out);
        onTimer(next->second.state, time, context);
      }
    };
    std::int64_t watermark = std::numeric_limits<std::int64_t>::min();
    for (const auto& [key, element] : inTimeOrder()) {
      if (element.timestamp && *element.timestamp - 1 > watermark) {
        watermark = *element.timestamp - 1;
        advance(watermark);
      }
      const auto entry = keys.try_emplace(key).first;
      Context<K, Out> context(entry->first, element.timestamp, watermark, entry->second.timers,
                              out);
      onElement(entry->second.state, element.value, context);
    }
    advance(kEndOfTime);
    return Stream<Out>(std::move(out));
  }

 private:
  std::vector<Keyed> all_;
};

/// [start, end)
struct Window {
  std::int64_t start = 0, end = 0;
  friend auto operator<=>(const Window&, const Window&) = default;
};

template <class K, class T>
class KeyedStream {
 public:
  template <class F>
  KeyedStream(const std::vector<Element<T>>& elements, F key) {
    elements_.add(elements, key);
  }

  /// `T f(const T&, const T&)`: what the key's records come to, after each of them.
  template <class F>
  Stream<T> reduce(F f) const {
    std::map<K, T> reduced;
    std::vector<Element<T>> out;
    for (const auto& [key, element] : elements_.inArrivalOrder()) {
      const auto [entry, first] = reduced.try_emplace(key, element.value);
      if (!first) entry->second = f(entry->second, element.value);
      out.push_back({entry->second, element.timestamp});
    }
    return Stream<T>(std::move(out));
  }

  template <class Out, class State, class OnElement, class OnTimer>
  Stream<Out> process(OnElement onElement, OnTimer onTimer) const {
    return elements_.template process<Out, State>(onElement, onTimer);
  }
  template <class Out, class State, class OnElement>
  Stream<Out> process(OnElement onElement) const {
    return process<Out, State>(onElement, [](State&, std::int64_t, auto&) {});
  }

  /// `Out f(const K&, const Window&, const std::vector<T>&)` over what lies in each window.
  template <class Out, class F>
  Stream<Out> tumblingWindows(std::int64_t size, F f, std::int64_t offset = 0) const {
    return slidingWindows<Out>(size, size, f, offset);
  }
  template <class Out, class F>
  Stream<Out> slidingWindows(std::int64_t size, std::int64_t slide, F f,
                             std::int64_t offset = 0) const {
    std::map<std::pair<Window, K>, std::vector<T>> windows;
    for (const auto& [key, element] : elements_.inTimeOrder()) {
      const std::int64_t time = timeOf(element);
      std::int64_t start = time - (((time - offset) % slide) + slide) % slide;
      for (; start > time - size; start -= slide)
        windows[{{start, start + size}, key}].push_back(element.value);
    }
    return fired<Out>(windows, f);
  }
  /// Records of a key that are less than `gap` apart share a window.
  template <class Out, class F>
  Stream<Out> sessionWindows(std::int64_t gap, F f) const {
    std::map<K, std::vector<Element<T>>> byKey;
    for (const auto& [key, element] : elements_.inTimeOrder()) byKey[key].push_back(element);
    std::map<std::pair<Window, K>, std::vector<T>> windows;
    for (const auto& [key, elements] : byKey) {
      Window window;
      std::vector<T> values;
      for (const auto& element : elements) {
        const std::int64_t time = timeOf(element);
        if (!values.empty() && time > window.end) {
          windows[{window, key}] = std::exchange(values, {});
        }
        if (values.empty()) window.start = time;
        window.end = time + gap;
        values.push_back(element.value);
      }
      if (!values.empty()) windows[{window, key}] = values;
    }
    return fired<Out>(windows, f);
  }
  /// Every `count` records of a key, in the order of their arrival.
  template <class Out, class F>
  Stream<Out> countWindows(std::size_t count, F f) const {
    std::map<K, std::vector<T>> open;
    std::vector<Element<Out>> out;
    for (const auto& [key, element] : elements_.inArrivalOrder()) {
      auto& values = open[key];
      values.push_back(element.value);
      if (values.size() == count) out.push_back({f(key, std::exchange(values, {})), {}});
    }
    return Stream<Out>(std::move(out));
  }

 private:
  static std::int64_t timeOf(const Element<T>& element) {
    if (!element.timestamp) throw std::logic_error("a window needs timestamps");
    return *element.timestamp;
  }
  template <class Out, class F>
  static Stream<Out> fired(const std::map<std::pair<Window, K>, std::vector<T>>& windows, F f) {
    std::vector<Element<Out>> out;
    for (const auto& [of, values] : windows)
      out.push_back({f(of.second, of.first, values), of.first.end - 1});
    return Stream<Out>(std::move(out));
  }

  KeyedElements<K, T> elements_;
};

/// Two streams with one key: their functions share state and timers.
template <class K, class A, class B>
class ConnectedStreams {
 public:
  /// `K keyA(const A&)`, `K keyB(const B&)`
  template <class KeyA, class KeyB>
  ConnectedStreams(const Stream<A>& a, KeyA keyA, const Stream<B>& b, KeyB keyB) {
    const auto first = a.map([](const A& value) { return Either{value, std::nullopt}; });
    const auto second = b.map([](const B& value) { return Either{std::nullopt, value}; });
    elements_.add(first.elements(), [&](const Either& either) { return keyA(*either.a); });
    elements_.add(second.elements(), [&](const Either& either) { return keyB(*either.b); });
  }

  template <class Out, class State, class OnA, class OnB, class OnTimer>
  Stream<Out> process(OnA onA, OnB onB, OnTimer onTimer) const {
    return elements_.template process<Out, State>(
        [&](State& state, const Either& either, auto& context) {
          if (either.a) {
            onA(state, *either.a, context);
          } else {
            onB(state, *either.b, context);
          }
        },
        onTimer);
  }

 private:
  struct Either {
    std::optional<A> a;
    std::optional<B> b;
  };
  KeyedElements<K, Either> elements_;
};

/// What two multisets of records differ in.
struct Difference {
  std::int64_t lost = 0;        ///< expected and not there
  std::int64_t duplicated = 0;  ///< there more often than expected
  std::int64_t corrupted = 0;   ///< not expected at all
  [[nodiscard]] bool none() const { return lost == 0 && duplicated == 0 && corrupted == 0; }
};

template <class T>
Difference compare(const std::map<T, std::int64_t>& expected,
                   const std::map<T, std::int64_t>& actual) {
  Difference difference;
  for (const auto& [value, count] : expected) {
    const auto found = actual.find(value);
    const std::int64_t there = found == actual.end() ? 0 : found->second;
    difference.lost += std::max<std::int64_t>(0, count - there);
    difference.duplicated += std::max<std::int64_t>(0, there - count);
  }
  for (const auto& [value, count] : actual) {
    if (!expected.contains(value)) difference.corrupted += count;
  }
  return difference;
}

}  // namespace flink::reference
