// The group `tables`: what the engine's own functions give for rows of numbers. Java's hash codes,
// and what follows from them, are not ours: keys are placed by another hash.
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>

#include "cluster/scheduler/edge_wiring.h"
#include "compare.h"
#include "core/types/key_group.h"
#include "dataflow/operators/factories.h"
#include "dataflow/operators/windowing/windows.h"
#include "fake_network.h"
#include "job_run.h"
#include "programs.h"
#include "rows.h"
#include "script.h"

namespace flink::conformance {

namespace {

using Numbers = std::vector<std::int64_t>;
using Lines = std::vector<std::string>;

Numbers numbersOf(const std::string& line) {
  Numbers numbers;
  for (const std::string& field : split(line, ',')) {
    std::int64_t number = 0;
    std::from_chars(field.data(), field.data() + field.size(), number);
    numbers.push_back(number);
  }
  return numbers;
}

/// A table with one line of output per line of input: the line, and behind it what is to be found.
template <class F>
Table rowByRow(F value) {
  return [value](const Lines& input) {
    Lines lines;
    for (const std::string& line : input) lines.push_back(line + "," + value(line));
    return lines;
  };
}

std::string maxParallelism(const std::string& line) {
  const auto parallelism = static_cast<std::uint32_t>(numbersOf(line).front());
  return text(types::defaultMaxParallelism(parallelism));
}

std::string keyGroupRange(const std::string& line) {
  const Numbers n = numbersOf(line);
  const types::KeyGroupRange range = types::keyGroupRangeOf(static_cast<std::uint32_t>(n.at(2)),
                                                            static_cast<std::uint32_t>(n.at(0)),
                                                            static_cast<std::uint32_t>(n.at(1)));
  return row(static_cast<std::int64_t>(range.first), static_cast<std::int64_t>(range.last));
}

std::string windowStart(const std::string& line) {
  const Numbers n = numbersOf(line);
  return text(TimeWindow::getWindowStartWithOffset(n.at(0), n.at(1), n.at(2)));
}

Lines pointwiseConnections(const Lines& input) {
  Lines lines;
  for (const std::string& line : input) {
    const Numbers n = numbersOf(line);
    const auto producers = static_cast<std::int32_t>(n.at(0));
    const scheduler::EdgeWiring wiring(protocol::ShipStrategy::kRescale, producers,
                                       static_cast<std::int32_t>(n.at(1)));
    for (std::int32_t producer = 0; producer < producers; ++producer) {
      const scheduler::SubtaskRange consumers = wiring.consumersOf(producer);
      std::map<std::int32_t, std::int32_t> byChannel;
      for (std::int32_t c = consumers.first; c < consumers.first + consumers.count; ++c)
        byChannel[wiring.subpartitionOf(producer, c)] = c;
      for (const auto& [channel, consumer] : byChannel)
        lines.push_back(line + "," + row(producer, channel, consumer));
    }
  }
  return lines;
}

// --- partitioners

operators::ChannelSelection selectionOf(const std::string& partitioner) {
  using operators::ChannelSelection;
  if (partitioner == "rebalance" || partitioner == "rescale") return ChannelSelection::kRoundRobin;
  if (partitioner == "global") return ChannelSelection::kGlobal;
  if (partitioner == "forward") return ChannelSelection::kForward;
  if (partitioner == "custom") return ChannelSelection::kCustom;
  if (partitioner == "broadcast") return ChannelSelection::kBroadcast;
  throw ScriptMistake("no such partitioner: " + partitioner);
}

std::shared_ptr<const operators::EdgeCodec> codecOf(const std::string& partitioner) {
  if (partitioner != "custom") return operators::makeEdgeCodec<Event>();
  return operators::makeCustomEdgeCodec<Event>(
      [](const std::string& key, int channels) { return (key.front() - 'a' + 1) % channels; },
      [](const Event& event) { return event.first; });
}

/// The channels that the real writer of an edge gives one record.
std::string channelsOf(operators::BatchReceiver<Event>& writer, network::ResultPartition& partition,
                       Event record) {
  std::vector<const std::byte*> before;
  for (int c = 0; c < partition.numChannels(); ++c) before.push_back(partition.window(c).pos);
  writer.process({std::span<Event>(&record, 1)});
  std::vector<int> taken;
  for (int c = 0; c < partition.numChannels(); ++c) {
    if (partition.window(c).pos != before[static_cast<std::size_t>(c)]) taken.push_back(c);
  }
  const std::string channels = joined(taken, [](int channel) { return text(channel); });
  return taken.size() == 1 ? channels : "(" + channels + ")";
}

std::string partitionerChannels(const std::string& line) {
  const std::string partitioner = split(line, ',').front();
  const Numbers n = numbersOf(line);
  NoExecutor executor;
  task::FakeNetwork network(executor, 1 << 12);
  network::PartitionSpec spec;
  spec.localConsumers.resize(static_cast<std::size_t>(n.at(1)), true);
  const auto partition = operators::valueOrThrow(network.createPartition(spec, nullptr));
  partition->setAvailabilityCallback([] {});
  const auto codec = codecOf(partitioner);
  const auto writer = codec->makeWriter(*partition, {selectionOf(partitioner), 0, 128});
  std::vector<std::string> channels;
  for (std::int64_t i = 0; i < n.at(2); ++i) {
    Event record{std::string(1, static_cast<char>('a' + i % 26)), static_cast<std::int32_t>(i)};
    channels.push_back(
        channelsOf(static_cast<operators::BatchReceiver<Event>&>(*writer), *partition, record));
  }
  return joined(channels, [](const std::string& channel) { return channel; });
}

Lines partitioners(const Lines& input) {
  Lines lines;
  for (const std::string& line : input) {
    lines.push_back(line.starts_with("key,") ? kNotOurs : line + "," + partitionerChannels(line));
  }
  return lines;
}

}  // namespace

void addTables(Programs& to) {
  auto& tables = to.tables;
  tables["tables/default_max_parallelism"] = rowByRow(maxParallelism);
  tables["tables/key_group_ranges"] = rowByRow(keyGroupRange);
  tables["tables/window_start"] = rowByRow(windowStart);
  tables["tables/pointwise_connections"] = pointwiseConnections;
  tables["tables/partitioner_channels"] = partitioners;
  tables["tables/key_groups"] = nullptr;
  tables["tables/murmur"] = nullptr;
}

}  // namespace flink::conformance
