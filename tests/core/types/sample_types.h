#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/types/serializer.h"

namespace flink {

enum class Color : std::uint8_t { kRed, kGreen, kBlue };

struct Tag {
  std::string text;
  friend bool operator==(const Tag&, const Tag&) = default;
};
struct Order {
  std::int64_t id = 0;
  std::string title;
  double price = 0;
  std::vector<Tag> tags;
  Color color = Color::kRed;
  std::optional<std::string> note;
  friend bool operator==(const Order&, const Order&) = default;
};
struct Point {
  std::int64_t x = 0, y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Padded {
  char kind = 0;
  std::int64_t value = 0;
  friend bool operator==(const Padded&, const Padded&) = default;
};
struct Empty {
  friend bool operator==(const Empty&, const Empty&) = default;
};
struct Tree {
  int value = 0;
  std::vector<Tree> children;
  friend bool operator==(const Tree&, const Tree&) = default;
};
struct HoldsPointer {
  int* pointer = nullptr;
};
struct NotComparable {
  int value = 0;
};
struct NoDefault {
  explicit NoDefault(int v) : value(v) {}
  int value;
  FLINK_FIELDS(NoDefault, value)
};

class Account {
 public:
  Account() = default;
  Account(std::string owner, std::int64_t balance) : owner_(std::move(owner)), balance_(balance) {}
  friend bool operator==(const Account&, const Account&) = default;
  FLINK_FIELDS(Account, owner_, balance_)

 private:
  std::string owner_;
  std::int64_t balance_ = 0;
};
/// Forgets to name its own member.
class DerivedAccount : public Account {
 public:
  int limit = 0;
};

inline std::string randomText(Rng& rng, std::uint64_t maxSize) {
  std::string text(rng.below(maxSize + 1), '\0');
  for (char& c : text) c = static_cast<char>(rng.next());
  return text;
}

inline Order randomOrder(Rng& rng) {
  Order order;
  order.id = static_cast<std::int64_t>(rng.next());
  order.title = randomText(rng, 40);
  order.price = static_cast<double>(rng.below(1000));
  order.tags.resize(rng.below(5));
  for (Tag& tag : order.tags) tag.text = randomText(rng, 200);
  order.color = static_cast<Color>(rng.below(3));
  if (rng.below(2) == 1) order.note = randomText(rng, 20);
  return order;
}

}  // namespace flink
