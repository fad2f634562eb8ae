#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataflow/state/list_view.h"
#include "dataflow/state/map_entries.h"
#include "dataflow/state/merging.h"
#include "dataflow/state/state_column.h"
#include "dataflow/state/state_descriptors.h"
#include "dataflow/state/value_access.h"

// The handles of keyed state that functions hold. They are small and cheap to copy; a default
// constructed one is empty until a real one is assigned in open(). Every call works on the key of
// the record (or timer) that is being processed. Pointers and references that a call gives out are
// valid until the next call on any state. Thread: the function's. Errors (thrown): kStateNoKey
// outside of a record, kStateNotInitialized for an empty handle.

namespace flink {

namespace state {
[[noreturn]] void throwEmptyHandle();
[[noreturn]] void throwNullValue(const char* message);

class StateHandle {
 public:
  StateHandle() = default;
  explicit StateHandle(StateColumn& column) : column_(&column) {}
  /// For the engine.
  [[nodiscard]] StateColumn& column() const {
    if (column_ == nullptr) [[unlikely]]
      throwEmptyHandle();
    return *column_;
  }
  /// Removes everything of the current key.
  void clear() { column().erase(); }

 private:
  StateColumn* column_ = nullptr;
};

}  // namespace state

/// One value per key.
template <class T>
class ValueState : public state::StateHandle {
 public:
  ValueState() = default;
  explicit ValueState(state::StateColumn& column, std::shared_ptr<const T> defaultValue = nullptr)
      : StateHandle(column), defaultValue_(std::move(defaultValue)) {}

  /// The value, else the descriptor's default, else nothing.
  [[nodiscard]] std::optional<T> value() const {
    std::optional<T> expired;
    const T* found = Access::read(column(), expired);
    if (found != nullptr) return std::optional<T>(*found);
    if (defaultValue_ != nullptr && column().ttl() == nullptr) return *defaultValue_;
    return std::nullopt;
  }
  /// The value in place, or null: value() without a copy and without a default. What is shown once
  /// more after it expired cannot be seen this way.
  [[nodiscard]] const T* peek() const {
    std::optional<T> expired;
    const T* found = Access::read(column(), expired);
    return expired.has_value() ? nullptr : found;
  }
  /// The value to be changed in place; starts as what value() gives, else T().
  T& modify() {
    bool fresh = false;
    T& value = Access::modify(column(), fresh);
    if (fresh && defaultValue_ != nullptr && column().ttl() == nullptr) [[unlikely]]
      value = *defaultValue_;
    return value;
  }
  template <class V = T>
  requires std::is_assignable_v<T&, V&&>
  void update(V&& value) {
    bool fresh = false;
    Access::modify(column(), fresh) = std::forward<V>(value);
  }
  /// The same as clear().
  void update(std::nullopt_t) requires(!std::is_assignable_v<T&, std::nullopt_t>) { clear(); }

 private:
  using Access = state::ValueAccess<T>;
  std::shared_ptr<const T> defaultValue_;
};

/// A list per key, in order of insertion.
template <class T>
class ListState : public state::StateHandle {
 public:
  using StateHandle::StateHandle;

  /// The elements; empty when there are none.
  [[nodiscard]] ListView<T> get() const {
    state::StateColumn& column = this->column();
    if (column.ttl() != nullptr) [[unlikely]]
      return getWithTtl(column, *column.ttl());
    const auto* list = static_cast<const std::vector<T>*>(column.find());
    return list == nullptr ? ListView<T>() : ListView<T>(*list);
  }
  void add(const T& element) { emplace(element); }
  void add(T&& element) { emplace(std::move(element)); }
  /// Errors (thrown): kInvalidArgument for an element that is missing.
  template <class V>
  requires std::is_same_v<V, std::optional<T>>
  void add(const V& element) {
    if (!element.has_value()) state::throwNullValue("You cannot add null to a ListState.");
    emplace(*element);
  }
  /// Appends all elements of a range.
  template <class Range>
  void addAll(const Range& elements) {
    if (std::begin(elements) == std::end(elements)) return;
    append(elements);
  }
  /// Replaces the list. An empty one is the same as clear().
  void update(std::vector<T> elements) {
    if (elements.empty()) {
      clear();
      return;
    }
    bool created = false;
    void* list = column().findOrCreate(created);
    if (column().ttl() == nullptr) {
      *static_cast<std::vector<T>*>(list) = std::move(elements);
    } else {
      static_cast<std::vector<state::TtlValue<T>>*>(list)->clear();
      append(elements);
    }
  }
  /// Errors (thrown): kInvalidArgument for a list that is missing.
  void update(const std::optional<std::vector<T>>& elements) {
    if (!elements.has_value()) state::throwNullValue("List of values to add cannot be null.");
    update(*elements);
  }
  /// Moves the lists of `source` behind that of `target` (namespaces of the current key).
  void mergeNamespaces(state::Namespace target, state::Namespace source) {
    const auto concatenate = [](auto& into, auto& from) {
      into.insert(into.end(), std::make_move_iterator(from.begin()),
                  std::make_move_iterator(from.end()));
    };
    if (column().ttl() == nullptr) {
      state::mergeNamespaces<std::vector<T>>(column(), target, source, concatenate);
    } else {
      state::mergeNamespaces<std::vector<state::TtlValue<T>>>(column(), target, source,
                                                              concatenate);
    }
  }

 private:
  template <class V>
  void emplace(V&& element) {
    bool created = false;
    void* list = column().findOrCreate(created);
    if (const state::TtlPolicy* ttl = column().ttl(); ttl == nullptr) {
      static_cast<std::vector<T>*>(list)->push_back(std::forward<V>(element));
    } else {
      static_cast<std::vector<state::TtlValue<T>>*>(list)->push_back(
          {std::forward<V>(element), ttl->now()});
    }
  }
  template <class Range>
  void append(const Range& elements) {
    bool created = false;
    void* list = column().findOrCreate(created);
    const state::TtlPolicy* ttl = column().ttl();
    for (const T& element : elements) {
      if (ttl == nullptr) {
        static_cast<std::vector<T>*>(list)->push_back(element);
      } else {
        static_cast<std::vector<state::TtlValue<T>>*>(list)->push_back({element, ttl->now()});
      }
    }
  }
  [[gnu::noinline]] static ListView<T> getWithTtl(state::StateColumn& column,
                                                  const state::TtlPolicy& ttl);
};

/// A map per key.
template <class UK, class UV>
class MapState : public state::StateHandle {
 public:
  using Entries = MapEntries<UK, UV>;
  using StateHandle::StateHandle;

  [[nodiscard]] std::optional<UV> get(const UK& key) const {
    return state::MapAccess<UK, UV>::get(column(), key);
  }
  /// The value in place, or null; see ValueState::peek().
  [[nodiscard]] const UV* peek(const UK& key) const {
    return state::MapAccess<UK, UV>::peek(column(), key);
  }
  /// The value to be changed in place; starts as UV().
  UV& modify(const UK& key) { return state::MapAccess<UK, UV>::modify(column(), key); }
  template <class V = UV>
  requires std::is_assignable_v<UV&, V&&>
  void put(const UK& key, V&& value) { modify(key) = std::forward<V>(value); }
  /// Puts every pair of a range (a std::map, a vector of pairs).
  template <class Range>
  void putAll(const Range& pairs) {
    for (const auto& [key, value] : pairs) put(key, value);
  }
  void remove(const UK& key) { state::MapAccess<UK, UV>::remove(column(), key); }
  [[nodiscard]] bool contains(const UK& key) const {
    return state::MapAccess<UK, UV>::contains(column(), key);
  }
  [[nodiscard]] bool isEmpty() const { return column().find() == nullptr; }
  /// For loops: `for (auto entry : map.entries())`, `for (auto [key, value] : map.entries())`.
  /// The entries may be changed by setValue(), nothing else may happen to the map meanwhile.
  [[nodiscard]] Entries entries() const { return Entries(column()); }
  [[nodiscard]] std::vector<UK> keys() const {
    std::vector<UK> keys;
    for (const auto& entry : entries()) keys.push_back(entry.getKey());
    return keys;
  }
  [[nodiscard]] std::vector<UV> values() const {
    std::vector<UV> values;
    for (const auto& entry : entries()) values.push_back(entry.getValue());
    return values;
  }
  /// With remove() for the entry last seen.
  [[nodiscard]] MapStateIterator<UK, UV> iterator() const {
    return MapStateIterator<UK, UV>(column());
  }
};

/// One value per key, into which a reduce function folds what is added.
template <class T>
class ReducingState : public state::StateHandle {
 public:
  using Function = std::function<T(const T&, const T&)>;
  ReducingState() = default;
  ReducingState(state::StateColumn& column, Function function)
      : StateHandle(column), function_(std::move(function)) {}

  /// Nothing before the first add().
  [[nodiscard]] std::optional<T> get() const {
    std::optional<T> expired;
    const T* found = state::ValueAccess<T>::read(column(), expired);
    return found == nullptr ? std::nullopt : std::optional<T>(*found);
  }
  void add(const T& value) {
    bool fresh = false;
    T& reduced = state::ValueAccess<T>::modify(column(), fresh);
    reduced = fresh ? value : function_(std::as_const(reduced), value);
  }
  /// Folds the value of `source` into that of `target` (namespaces of the current key).
  void mergeNamespaces(state::Namespace target, state::Namespace source) {
    state::mergeValues<T>(column(), target, source, [this](T& into, T& from) {
      into = function_(std::as_const(into), std::as_const(from));
    });
  }

 private:
  Function function_;
};

/// An accumulator per key, into which an aggregate function adds.
template <class In, class Out>
class AggregatingState : public state::StateHandle {
 public:
  AggregatingState() = default;
  AggregatingState(state::StateColumn& column,
                   std::shared_ptr<state::Accumulation<In, Out>> accumulation)
      : StateHandle(column), accumulation_(std::move(accumulation)) {}

  /// Nothing before the first add().
  [[nodiscard]] std::optional<Out> get() const {
    state::StateColumn& column = this->column();  // first: it refuses empty handles
    return accumulation_->get(column);
  }
  void add(const In& value) {
    state::StateColumn& column = this->column();
    accumulation_->add(column, value);
  }
  /// Folds the accumulator of `source` into that of `target` (namespaces of the current key).
  void mergeNamespaces(state::Namespace target, state::Namespace source) {
    state::StateColumn& column = this->column();
    accumulation_->merge(column, target, source);
  }

 private:
  std::shared_ptr<state::Accumulation<In, Out>> accumulation_;
};

// --- ListState with a time to live -----------------------------------------------------------

template <class T>
ListView<T> ListState<T>::getWithTtl(state::StateColumn& column, const state::TtlPolicy& ttl) {
  using Elements = std::vector<state::TtlValue<T>>;
  const auto* stored = static_cast<const Elements*>(column.find());
  if (stored == nullptr) return {};
  const std::int64_t now = ttl.now();
  const std::int64_t limit = ttl.expiredUpTo(now);
  const auto hasExpired = [&](const state::TtlValue<T>& e) { return e.lastAccessMs <= limit; };
  const auto numExpired = std::count_if(stored->begin(), stored->end(), hasExpired);
  const bool allExpired = numExpired == std::ssize(*stored);
  if (numExpired == 0 && !ttl.renewsOnRead()) return ListView<T>(*stored);
  if (allExpired) {
    auto seenOnceMore = std::make_shared<std::vector<T>>();
    if (ttl.returnsExpired()) {
      for (const state::TtlValue<T>& element : *stored) seenOnceMore->push_back(element.value);
    }
    column.erase();
    return ListView<T>(std::move(seenOnceMore));
  }
  if (ttl.returnsExpired() && !ttl.renewsOnRead()) return ListView<T>(*stored);
  auto* live = static_cast<Elements*>(column.findForUpdate());
  std::erase_if(*live, hasExpired);
  if (ttl.renewsOnRead()) {
    for (state::TtlValue<T>& element : *live) element.lastAccessMs = now;
  }
  return ListView<T>(*live);
}

}  // namespace flink
