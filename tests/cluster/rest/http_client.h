#pragma once

#include <string>

#include "core/base/process.h"

namespace flink::rest {

/// Sends raw bytes to a local port and returns all that comes back until the server closes.
std::string exchangeBytes(int port, const std::string& bytes);

/// A connection that stays open.
class HeldConnection {
 public:
  explicit HeldConnection(int port);
  ~HeldConnection();
  HeldConnection(HeldConnection&&) = default;
  void send(const std::string& bytes);
  /// Sends `piece` again and again until the server says something; returns all of that.
  std::string dripUntilAnswered(const std::string& piece);

 private:
  OwnedFd fd_;
};

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};
/// One request on a connection of its own.
Answer request(int port, const std::string& method, const std::string& target,
               const std::string& body = "", const std::string& contentType = "application/json");

}  // namespace flink::rest
