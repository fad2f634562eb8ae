#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "dataflow/state/state_column.h"
#include "dataflow/state/value_forms.h"

namespace flink {

namespace state {

/// What a map state does with single entries, time to live included.
template <class UK, class UV>
struct MapAccess {
  using Plain = StateMap<UK, UV>;
  using WithTtl = StateMap<UK, TtlValue<UV>>;

  static std::optional<UV> get(StateColumn& column, const UK& key) {
    std::optional<UV> expired;
    const UV* found = read(column, key, expired);
    return found == nullptr ? std::nullopt : std::optional<UV>(*found);
  }
  static bool contains(StateColumn& column, const UK& key) {
    std::optional<UV> expired;
    return read(column, key, expired) != nullptr;
  }
  static const UV* peek(StateColumn& column, const UK& key) {
    std::optional<UV> expired;
    const UV* found = read(column, key, expired);
    return expired.has_value() ? nullptr : found;
  }
  static UV& modify(StateColumn& column, const UK& key) {
    bool created = false;
    void* map = column.findOrCreate(created);
    const TtlPolicy* ttl = column.ttl();
    if (ttl == nullptr) return static_cast<Plain*>(map)->findOrInsert(key, created);
    TtlValue<UV>& stored = static_cast<WithTtl*>(map)->findOrInsert(key, created);
    const std::int64_t now = ttl->now();
    if (!created && !ttl->returnsExpired() && stored.lastAccessMs <= ttl->expiredUpTo(now)) {
      stored.value = UV();
    }
    stored.lastAccessMs = now;
    return stored.value;
  }
  static void remove(StateColumn& column, const UK& key) {
    if (column.ttl() == nullptr) {
      removeFrom<Plain>(column, key);
    } else {
      removeFrom<WithTtl>(column, key);
    }
  }

 private:
  template <class Map>
  static void removeFrom(StateColumn& column, const UK& key) {
    const auto* map = static_cast<const Map*>(column.find());
    if (map == nullptr || map->find(key) == nullptr) return;
    if (map->size() == 1) {
      column.erase();
    } else {
      static_cast<Map*>(column.findForUpdate())->erase(key);
    }
  }
  static const UV* read(StateColumn& column, const UK& key, std::optional<UV>& expired) {
    const void* map = column.find();
    if (map == nullptr) return nullptr;
    const TtlPolicy* ttl = column.ttl();
    if (ttl == nullptr) [[likely]]
      return static_cast<const Plain*>(map)->find(key);
    return readWithTtl(column, *ttl, static_cast<const WithTtl*>(map)->find(key), key, expired);
  }
  [[gnu::noinline]] static const UV* readWithTtl(StateColumn& column, const TtlPolicy& ttl,
                                                 const TtlValue<UV>* stored, const UK& key,
                                                 std::optional<UV>& expired) {
    if (stored == nullptr) return nullptr;
    const std::int64_t now = ttl.now();
    if (stored->lastAccessMs <= ttl.expiredUpTo(now)) {
      if (ttl.returnsExpired()) expired.emplace(stored->value);
      removeFrom<WithTtl>(column, key);
      return expired.has_value() ? &*expired : nullptr;
    }
    if (!ttl.renewsOnRead()) return &stored->value;
    TtlValue<UV>* renewed = static_cast<WithTtl*>(column.findForUpdate())->find(key);
    renewed->lastAccessMs = now;
    return &renewed->value;
  }
};

}  // namespace state

template <class UK, class UV>
class MapEntries;

/// One entry of a map state: `auto [key, value]`, or by methods.
template <class UK, class UV>
class MapEntry {
 public:
  MapEntry(const MapEntries<UK, UV>& all, std::size_t position) : all_(&all), position_(position) {}
  [[nodiscard]] const UK& getKey() const { return all_->key(position_); }
  [[nodiscard]] const UV& getValue() const { return all_->value(position_); }
  void setValue(UV value) const { all_->set(position_, std::move(value)); }
  template <std::size_t I>
  [[nodiscard]] const auto& get() const {
    if constexpr (I == 0) {
      return getKey();
    } else {
      return getValue();
    }
  }

 private:
  const MapEntries<UK, UV>* all_;
  std::size_t position_;
};

/// All entries of one key's map. Lifetime: until another call on any state; setValue() and remove()
/// of its own entries are fine.
template <class UK, class UV>
class MapEntries {
 public:
  using Entry = MapEntry<UK, UV>;

  class Iterator {
   public:
    Iterator(const MapEntries& all, std::size_t position) : all_(&all), position_(position) {}
    Entry operator*() const { return Entry(*all_, position_); }
    Iterator& operator++() {
      ++position_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.position_ == b.position_;
    }

   private:
    const MapEntries* all_;
    std::size_t position_;
  };

  explicit MapEntries(state::StateColumn& column) : column_(&column), map_(column.find()) {
    if (column.ttl() != nullptr && map_ != nullptr) lookAtTimes(*column.ttl());
    if (map_ != nullptr) size_ = hasTtl() ? withTtl().size() : plain().size();
  }

  [[nodiscard]] Iterator begin() const { return Iterator(*this, 0); }
  [[nodiscard]] Iterator end() const { return Iterator(*this, size_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] const UK& key(std::size_t i) const {
    return hasTtl() ? withTtl().at(i).key : plain().at(i).key;
  }
  [[nodiscard]] const UV& value(std::size_t i) const {
    return hasTtl() ? withTtl().at(i).value.value : plain().at(i).value;
  }
  void set(std::size_t i, UV value) const {
    state::MapAccess<UK, UV>::modify(*column_, key(i)) = std::move(value);
  }
  /// The last entry takes the place of the removed one.
  void remove(std::size_t i) {
    const UK removed = key(i);
    if (seenOnceMore_ != nullptr) seenOnceMore_->eraseAt(i);
    state::MapAccess<UK, UV>::remove(*column_, removed);
    --size_;
  }

 private:
  using Access = state::MapAccess<UK, UV>;
  [[nodiscard]] bool hasTtl() const { return column_->ttl() != nullptr; }
  [[nodiscard]] const typename Access::Plain& plain() const {
    return *static_cast<const typename Access::Plain*>(map_);
  }
  [[nodiscard]] const typename Access::WithTtl& withTtl() const {
    return *static_cast<const typename Access::WithTtl*>(map_);
  }

  /// Renews and removes entries as the policy says. Where expired ones are to be seen once more,
  /// they are kept beside the state.
  [[gnu::noinline]] void lookAtTimes(const state::TtlPolicy& ttl) {
    using Map = typename Access::WithTtl;
    const std::int64_t now = ttl.now();
    const std::int64_t limit = ttl.expiredUpTo(now);
    bool anyExpired = false;
    for (std::size_t i = 0; i < withTtl().size(); ++i) {
      anyExpired = anyExpired || withTtl().at(i).value.lastAccessMs <= limit;
    }
    if (!anyExpired && !ttl.renewsOnRead()) return;
    auto* stored = static_cast<Map*>(column_->findForUpdate());
    if (anyExpired && ttl.returnsExpired()) seenOnceMore_ = std::make_shared<Map>(*stored);
    for (std::size_t i = stored->size(); i-- > 0;) {
      if (stored->at(i).value.lastAccessMs <= limit) {
        stored->eraseAt(i);
      } else if (ttl.renewsOnRead()) {
        stored->at(i).value.lastAccessMs = now;
      }
    }
    map_ = stored;
    if (stored->empty()) {
      column_->erase();
      map_ = nullptr;
    }
    if (seenOnceMore_ != nullptr) map_ = seenOnceMore_.get();
  }

  state::StateColumn* column_;
  const void* map_;
  std::size_t size_ = 0;
  std::shared_ptr<typename Access::WithTtl> seenOnceMore_;
};

/// Walks over a map state's entries and removes some of them.
template <class UK, class UV>
class MapStateIterator {
 public:
  using Entry = typename MapEntries<UK, UV>::Entry;
  explicit MapStateIterator(state::StateColumn& column)
      : entries_(column), left_(entries_.size()) {}
  [[nodiscard]] bool hasNext() const { return left_ > 0; }
  /// REQUIRES: hasNext().
  Entry next() { return Entry(entries_, --left_); }
  /// Removes the entry that next() gave. REQUIRES: once per entry.
  void remove() { entries_.remove(left_); }

 private:
  MapEntries<UK, UV> entries_;
  std::size_t left_;  ///< backwards: removing an entry moves only those that were seen
};

}  // namespace flink

template <class UK, class UV>
struct std::tuple_size<flink::MapEntry<UK, UV>> : std::integral_constant<std::size_t, 2> {};
template <class UK, class UV>
struct std::tuple_element<0, flink::MapEntry<UK, UV>> {
  using type = const UK;
};
template <class UK, class UV>
struct std::tuple_element<1, flink::MapEntry<UK, UV>> {
  using type = const UV;
};
