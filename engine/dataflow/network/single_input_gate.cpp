#include "dataflow/network/single_input_gate.h"

#include <algorithm>
#include <utility>

namespace flink::network {
namespace {

class HeldBuffer final : public InputBuffer {
 public:
  explicit HeldBuffer(Buffer buffer) : buffer_(std::move(buffer)) {}

 private:
  Buffer buffer_;
};

}  // namespace

InputFigures GateChannels::inputFigures() const {
  InputFigures sum;
  for (const auto& channel : remote) {
    const RemoteInputChannel::Held held = channel->held();
    const int freeExclusive = std::min(held.free, held.exclusive);
    sum.exclusiveTotal += held.exclusive;
    sum.exclusiveUsed += held.exclusive - freeExclusive;
    sum.floatingUsed += held.floating - (held.free - freeExclusive);
    sum.queuedBuffers += channel->queuedBuffers();
    sum.queuedBytes += channel->queuedBytes();
  }
  sum.floatingTotal = remote.empty() ? 0 : floatingTotal;
  return sum;
}

SingleInputGate::SingleInputGate(std::string owner, std::shared_ptr<GateChannels> channels,
                                 std::shared_ptr<GateQueue> queue,
                                 std::shared_ptr<GateBuffers> buffers,
                                 std::shared_ptr<TaskProbe> probe, std::uint32_t segmentBytes)
    : owner_(std::move(owner)),
      channels_(std::move(channels)),
      queue_(std::move(queue)),
      buffers_(std::move(buffers)),
      probe_(std::move(probe)),
      segmentBytes_(segmentBytes) {}

SingleInputGate::~SingleInputGate() {
  close();
}

void SingleInputGate::start(std::function<void()> onAvailable) {
  queue_->setCallback(std::move(onAvailable));
  for (const auto& channel : channels_->all) channel->start();
}

Result<std::unique_ptr<InputBuffer>> SingleInputGate::poll() {
  FLINK_RETURN_IF_ERROR(queue_->failure());
  if (const auto index = std::exchange(atBarrier_, std::nullopt);
      index.has_value() && !queue_->isBlocked(*index))
    channels_->all[static_cast<std::size_t>(*index)]->resume();
  while (const std::optional<int> index = queue_->nextReady()) {
    Taken taken;
    const TakeResult result = channels_->all[static_cast<std::size_t>(*index)]->take(taken);
    if (result == TakeResult::kNothing) continue;
    if (result == TakeResult::kFailed) {
      queue_->fail(taken.failure);
      return std::move(taken.failure);
    }
    if (taken.more) queue_->markReady(*index);
    return deliver(*index, std::move(taken));
  }
  return std::unique_ptr<InputBuffer>();
}

void SingleInputGate::resumeChannel(int channel) {
  queue_->resume(channel);
  channels_->all[static_cast<std::size_t>(channel)]->resume();
}

Result<std::unique_ptr<InputBuffer>> SingleInputGate::deliver(int index, Taken taken) {
  InputChannel& channel = *channels_->all[static_cast<std::size_t>(index)];
  if (taken.event.has_value()) {
    auto event = std::make_unique<HeldBuffer>(Buffer());
    event->channel = index;
    event->event = taken.event;
    if (taken.event->type == ChannelEvent::Type::kCheckpointBarrier) atBarrier_ = index;
    if (taken.endsChannel()) {
      ++numEnded_;
      channel.close();
    }
    return std::unique_ptr<InputBuffer>(std::move(event));
  }
  if (probe_ != nullptr) {
    if (channel.isLocal()) {
      probe_->countLocal(taken.buffer.size);
    } else {
      probe_->countRemote(taken.buffer.size);
    }
  }
  if ((taken.buffer.flags & buffer_flag::kCompressed) != 0) {
    if (codec_ == nullptr) codec_ = std::make_unique<BufferCodec>(segmentBytes_);
    if (Status restored = codec_->decompress(taken.buffer); !restored.isOk()) {
      queue_->fail(restored);
      return restored;
    }
  }
  const std::uint8_t flags = taken.buffer.flags;
  types::SegmentView view;
  view.data = taken.buffer.bytes();
  view.carriesHash = (flags & buffer_flag::kCarriesHash) != 0;
  view.startsInside = (flags & buffer_flag::kStartsInside) != 0;
  view.endsInside = (flags & buffer_flag::kEndsInside) != 0;
  auto held = std::make_unique<HeldBuffer>(std::move(taken.buffer));
  held->channel = index;
  held->view = view;
  return std::unique_ptr<InputBuffer>(std::move(held));
}

void SingleInputGate::close() {
  if (std::exchange(closed_, true)) return;
  queue_->close();
  for (const auto& channel : channels_->all) channel->close();
  buffers_->close();
}

}  // namespace flink::network
