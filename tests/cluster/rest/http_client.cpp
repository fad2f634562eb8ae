#include "tests/cluster/rest/http_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace flink::rest {

namespace {

OwnedFd connectTo(int port) {
  OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

bool sendAll(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

std::string readAll(int fd) {
  std::string answer;
  char buffer[8192];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(n));
  return answer;
}

}  // namespace

std::string exchangeBytes(int port, const std::string& bytes) {
  const OwnedFd fd = connectTo(port);
  if (!fd.valid()) return "";
  sendAll(fd.get(), bytes);
  return readAll(fd.get());
}

HeldConnection::HeldConnection(int port) : fd_(connectTo(port)) {}
HeldConnection::~HeldConnection() = default;

void HeldConnection::send(const std::string& bytes) {
  sendAll(fd_.get(), bytes);
}

std::string HeldConnection::dripUntilAnswered(const std::string& piece) {
  pollfd readable{fd_.get(), POLLIN, 0};
  while (sendAll(fd_.get(), piece) && ::poll(&readable, 1, 20) == 0) {
  }
  return readAll(fd_.get());
}

Answer request(int port, const std::string& method, const std::string& target,
               const std::string& body, const std::string& contentType) {
  const std::string text = exchangeBytes(
      port,
      method + " " + target +
          " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: " + contentType +
          "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  Answer answer;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  answer.status = std::atoi(text.c_str() + text.find(' '));
  return answer;
}

}  // namespace flink::rest
