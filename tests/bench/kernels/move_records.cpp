// move_records RECORDS: records of 92 bytes over a TCP loopback connection between two processes,
// written and read in 32 KiB blocks; the reader looks at every key. What no exchange between two
// processes can beat. Prints records and seconds.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t kRecordBytes = 92;
constexpr std::size_t kBlockRecords = (32 << 10) / kRecordBytes;

void writeRecords(int socket, std::uint64_t records) {
  std::vector<char> block(kBlockRecords * kRecordBytes);
  std::uint64_t next = 0;
  while (next < records) {
    std::size_t filled = 0;
    for (; filled < block.size() && next < records; ++next, filled += kRecordBytes) {
      const std::uint64_t key = next * 0x9e3779b97f4a7c15ULL;
      std::memcpy(block.data() + filled, &key, sizeof key);
      std::memset(block.data() + filled + sizeof key, 0, kRecordBytes - sizeof key);
    }
    for (std::size_t sent = 0; sent < filled;) {
      const ssize_t n = ::send(socket, block.data() + sent, filled - sent, MSG_NOSIGNAL);
      if (n <= 0) std::_Exit(1);
      sent += static_cast<std::size_t>(n);
    }
  }
}

std::uint64_t readRecords(int socket, std::uint64_t records) {
  std::vector<char> block(kBlockRecords * kRecordBytes);
  std::uint64_t sum = 0;
  std::size_t have = 0;
  std::uint64_t seen = 0;
  while (seen < records) {
    const ssize_t n = ::recv(socket, block.data() + have, block.size() - have, 0);
    if (n <= 0) std::_Exit(1);
    have += static_cast<std::size_t>(n);
    std::size_t at = 0;
    for (; have - at >= kRecordBytes; at += kRecordBytes, ++seen) {
      std::uint64_t key;
      std::memcpy(&key, block.data() + at, sizeof key);
      sum += key;
    }
    std::memmove(block.data(), block.data() + at, have - at);
    have -= at;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000'000;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("listen");
    return 1;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) std::_Exit(1);
    writeRecords(socket, records);
    std::_Exit(0);
  }
  const int socket = ::accept(listener, nullptr, nullptr);
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t sum = readRecords(socket, records);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  int status = 0;
  ::waitpid(child, &status, 0);
  std::printf("%llu %.4f\n", static_cast<unsigned long long>(records), seconds.count());
  return status == 0 && sum != 0 ? 0 : 1;
}
