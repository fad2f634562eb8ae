#include "cluster/control/router_peers.h"

namespace flink::control {

void RouterPeers::accepted(int fd) {
  const auto [it, isNew] = descriptors_.try_emplace(fd);
  if (isNew) return;
  // A connection that ZeroMQ itself dropped, because its peer came back, ends without an event.
  if (it->second.open) end(fd, it->second);
  it->second = {it->second.number + 1, true, {}};
}

void RouterPeers::ended(int fd) {
  if (const auto it = descriptors_.find(fd); it != descriptors_.end()) end(fd, it->second);
}

void RouterPeers::end(int fd, Descriptor& descriptor) {
  descriptor.open = false;
  for (const PeerId& peer : descriptor.peers)
    lost_.emplace_back(peer, Connection{fd, descriptor.number});
}

void RouterPeers::frame(const PeerId& peer, int fd) {
  Descriptor& descriptor = descriptors_[fd];
  const Connection now{fd, descriptor.number};
  const auto known = connectionOf_.find(peer);
  if (known != connectionOf_.end() && known->second == now) return;
  const bool knownByEarlier = known != connectionOf_.end() && known->second.fd == fd;
  // A late frame: the connection belongs to another peer by now, or to nobody.
  if (knownByEarlier && (!descriptor.open || !descriptor.peers.empty())) return;
  if (std::exchange(descriptor.guessed, knownByEarlier)) {
    for (const PeerId& earlier : descriptor.peers) lost_.emplace_back(earlier, now);
    descriptor.peers.clear();
  }
  connectionOf_[peer] = now;
  descriptor.peers.push_back(peer);
  if (!descriptor.open) lost_.emplace_back(peer, now);
}

void RouterPeers::forget(const PeerId& peer) {
  const auto it = connectionOf_.find(peer);
  if (it == connectionOf_.end()) return;
  if (const auto descriptor = descriptors_.find(it->second.fd); descriptor != descriptors_.end())
    std::erase(descriptor->second.peers, peer);
  connectionOf_.erase(it);
}

std::vector<RouterPeers::PeerId> RouterPeers::takeLost() {
  std::vector<PeerId> gone;
  for (const auto& [peer, connection] : std::exchange(lost_, {})) {
    // Not one that has come back over another connection.
    const auto it = connectionOf_.find(peer);
    if (it == connectionOf_.end() || it->second != connection) continue;
    gone.push_back(peer);
    forget(peer);
  }
  return gone;
}

}  // namespace flink::control
