#include "cluster/control/ordered_inbox.h"

#include <algorithm>

namespace flink::control {

using protocol::Envelope;

OrderedInbox::Arrival OrderedInbox::arrive(const PeerId& peer, Envelope request) {
  Arrival arrival;
  Streams& streams = peers_[peer];
  auto found = streams.find(request.stream);
  if (found == streams.end()) {
    if (request.streamBase > 1) {
      arrival.stale = true;
      return arrival;
    }
    makeRoom(streams);
    found = streams.emplace(request.stream, Stream{}).first;
  }
  Stream& stream = found->second;
  stream.lastUse = ++uses_;
  if (request.streamBase > stream.next) {  // it has answers that were never given here
    arrival.stale = true;
    return arrival;
  }
  stream.base = std::max(stream.base, request.streamBase);
  stream.taken.erase(stream.taken.begin(), stream.taken.lower_bound(stream.base));
  const std::uint64_t sequence = request.sequence;
  if (sequence < stream.next) {
    const auto taken = stream.taken.find(sequence);
    if (taken == stream.taken.end()) return arrival;  // its sender has the answer
    taken->second.requestId = std::max(taken->second.requestId, request.requestId);
    arrival.answer = taken->second.answer;
    if (arrival.answer) arrival.answer->requestId = request.requestId;
    return arrival;
  }
  if (sequence - stream.base >= kWindow) return arrival;
  keepEarly(stream, std::move(request));
  takeReady(stream, arrival);
  return arrival;
}

void OrderedInbox::keepEarly(Stream& stream, Envelope request) {
  const std::uint64_t sequence = request.sequence;
  const auto known = stream.early.find(sequence);
  if (known != stream.early.end()) {
    known->second.requestId = std::max(known->second.requestId, request.requestId);
    return;
  }
  if (sequence != stream.next && stream.earlyBytes + request.body.size() > kMaxEarlyBytes) return;
  stream.earlyBytes += request.body.size();
  stream.early.emplace(sequence, std::move(request));
}

void OrderedInbox::takeReady(Stream& stream, Arrival& arrival) {
  while (!stream.early.empty() && stream.early.begin()->first == stream.next) {
    Envelope request = std::move(stream.early.begin()->second);
    stream.early.erase(stream.early.begin());
    stream.earlyBytes -= request.body.size();
    stream.taken.emplace(stream.next++, Taken{request.requestId, std::nullopt});
    arrival.run.push_back(std::move(request));
  }
}

void OrderedInbox::makeRoom(Streams& streams) {
  if (streams.size() < kMaxStreams) return;
  streams.erase(std::min_element(streams.begin(), streams.end(), [](const auto& a, const auto& b) {
    return a.second.lastUse < b.second.lastUse;
  }));
}

void OrderedInbox::answered(const PeerId& peer, Envelope& answer) {
  const auto streams = peers_.find(peer);
  if (streams == peers_.end()) return;
  const auto stream = streams->second.find(answer.stream);
  if (stream == streams->second.end()) return;
  const auto taken = stream->second.taken.find(answer.sequence);
  if (taken == stream->second.taken.end()) return;
  answer.requestId = taken->second.requestId;
  taken->second.answer = answer;
}

void OrderedInbox::forget(const PeerId& peer) {
  peers_.erase(peer);
}

}  // namespace flink::control
