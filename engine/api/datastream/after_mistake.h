#pragma once

namespace flink::datastream {

/// For static_assert in a branch that a mistake selects.
template <class>
inline constexpr bool kNever = false;

/// What a call returns after it has reported a mistake in the program: takes every further call in
/// silence, so that one mistake is one line.
class AfterMistake {
 public:
#define FLINK_SILENT(method)                    \
  template <class... Types, class... Arguments> \
  AfterMistake method(Arguments&&...) const {   \
    return {};                                  \
  }                                             \
  template <auto First, class... Arguments>     \
  AfterMistake method(Arguments&&...) const {   \
    return {};                                  \
  }
  FLINK_SILENT(map)
  FLINK_SILENT(flatMap)
  FLINK_SILENT(filter)
  FLINK_SILENT(mapPartition)
  FLINK_SILENT(keyBy)
  FLINK_SILENT(reduce)
  FLINK_SILENT(sum)
  FLINK_SILENT(min)
  FLINK_SILENT(max)
  FLINK_SILENT(minBy)
  FLINK_SILENT(maxBy)
  FLINK_SILENT(connect)
  FLINK_SILENT(process)
  FLINK_SILENT(getSideOutput)
  FLINK_SILENT(assignTimestampsAndWatermarks)
  FLINK_SILENT(rebalance)
  FLINK_SILENT(rescale)
  FLINK_SILENT(shuffle)
  FLINK_SILENT(broadcast)
  FLINK_SILENT(global)
  FLINK_SILENT(forward)
  FLINK_SILENT(partitionCustom)
  FLINK_SILENT(window)
  FLINK_SILENT(windowAll)
  FLINK_SILENT(countWindow)
  FLINK_SILENT(countWindowAll)
  FLINK_SILENT(trigger)
  FLINK_SILENT(evictor)
  FLINK_SILENT(allowedLateness)
  FLINK_SILENT(sideOutputLateData)
  FLINK_SILENT(aggregate)
  FLINK_SILENT(apply)
  FLINK_SILENT(join)
  FLINK_SILENT(coGroup)
  FLINK_SILENT(where)
  FLINK_SILENT(equalTo)
  FLINK_SILENT(with)
  FLINK_SILENT(print)
  FLINK_SILENT(printToErr)
  FLINK_SILENT(writeAsText)
  FLINK_SILENT(addSink)
  FLINK_SILENT(sinkTo)
  FLINK_SILENT(executeAndCollect)
  FLINK_SILENT(name)
  FLINK_SILENT(uid)
  FLINK_SILENT(setDescription)
  FLINK_SILENT(setUidHash)
  FLINK_SILENT(setParallelism)
  FLINK_SILENT(setMaxParallelism)
  FLINK_SILENT(slotSharingGroup)
  FLINK_SILENT(startNewChain)
  FLINK_SILENT(disableChaining)
  FLINK_SILENT(setBufferTimeout)
#undef FLINK_SILENT
  template <class Stream>
  AfterMistake operator=(const Stream&) const {
    return {};
  }
};

}  // namespace flink::datastream
