#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cluster/protocol/job_graph.h"
#include "core/config/config_option.h"

namespace flink {

/// Operators of one group share slots; a group with a profile asks for slots of that size.
/// `SlotSharingGroup::newBuilder("heavy").setCpuCores(2).setManagedMemory(config::mebibytes(512)).build()`
class SlotSharingGroup {
 public:
  class Builder {
   public:
    explicit Builder(std::string name) : name_(std::move(name)) {}
    Builder& setCpuCores(double cores) { return set().cpuCores = cores, *this; }
    Builder& setTaskHeapMemory(config::MemorySize size) {
      return set().taskHeapBytes = size.bytes, *this;
    }
    Builder& setTaskOffHeapMemory(config::MemorySize size) {
      return set().taskOffHeapBytes = size.bytes, *this;
    }
    Builder& setManagedMemory(config::MemorySize size) {
      return set().managedBytes = size.bytes, *this;
    }
    Builder& setNetworkMemory(config::MemorySize size) {
      return set().networkBytes = size.bytes, *this;
    }
    [[nodiscard]] SlotSharingGroup build() const { return {name_, profile_}; }

   private:
    protocol::ResourceProfile& set() { return profile_ ? *profile_ : profile_.emplace(); }
    std::string name_;
    std::optional<protocol::ResourceProfile> profile_;
  };

  static Builder newBuilder(std::string name) { return Builder(std::move(name)); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::optional<protocol::ResourceProfile>& profile() const { return profile_; }

 private:
  SlotSharingGroup(std::string name, std::optional<protocol::ResourceProfile> profile)
      : name_(std::move(name)), profile_(std::move(profile)) {}
  std::string name_;
  std::optional<protocol::ResourceProfile> profile_;
};

}  // namespace flink
