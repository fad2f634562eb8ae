// follow HOST:PORT: prints the events of jobs and checkpoints as they happen, a line each:
// `<milliseconds since the epoch> <kind> <status or checkpoint>`; `opened` whenever the stream
// begins (again). Ends when it is killed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "cluster/control/client.h"
#include "cluster/control/event_stream.h"

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  if (argc != 2) {
    std::cerr << "usage: follow HOST:PORT\n";
    return EXIT_FAILURE;
  }
  const auto print = [](const flink::protocol::ClusterEvent& event) {
    if (event.kind == flink::control::kStreamOpened) {
      std::cout << event.timestampMs << " opened -" << std::endl;
    } else if (event.kind == "job.status") {
      std::cout << event.timestampMs << " " << event.kind << " " << event.attributes.at("status")
                << std::endl;
    } else if (event.kind.starts_with("checkpoint.")) {
      std::cout << event.timestampMs << " " << event.kind << " "
                << event.attributes.at("checkpoint") << std::endl;
    }
    return static_cast<bool>(std::cout);
  };
  while (std::cout) {
    auto client = flink::control::ClusterClient::connect(argv[1]);
    if (!client) {
      std::cerr << client.status().toString() << "\n";
      return EXIT_FAILURE;
    }
    [[maybe_unused]] const auto status =
        (*client)->followEvents(print, 1h);  // JobManagers come and go
  }
}
