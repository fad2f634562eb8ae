#pragma once

#include <string>
#include <utility>

namespace flink {

/// Names a side output of records of type T. Tags are equal by name within one operator.
template <class T>
class OutputTag {
 public:
  using Type = T;
  explicit OutputTag(std::string id) : id_(std::move(id)) {}
  [[nodiscard]] const std::string& getId() const { return id_; }

 private:
  std::string id_;
};

}  // namespace flink
