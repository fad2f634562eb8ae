#pragma once

#include <string>

namespace flink::rest {

/// Sends raw bytes to a local port and returns all that comes back until the server closes.
std::string exchangeBytes(int port, const std::string& bytes);

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};
/// One request on a connection of its own.
Answer request(int port, const std::string& method, const std::string& target,
               const std::string& body = "", const std::string& contentType = "application/json");

}  // namespace flink::rest
