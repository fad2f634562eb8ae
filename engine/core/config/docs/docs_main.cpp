// flink-docs DIRECTORY: writes config.md and errors.md there.
#include <cstdio>
#include <fstream>
#include <string>

#include "core/config/docs/docs_pages.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: flink-docs DIRECTORY\n", stderr);
    return 2;
  }
  const std::string directory = argv[1];
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>("/config.md", flink::config::configPage()),
        std::pair<std::string, std::string>("/errors.md", flink::config::errorsPage())}) {
    if (!(std::ofstream(directory + name) << text)) {
      std::fprintf(stderr, "cannot write %s%s\n", directory.c_str(), name.c_str());
      return 1;
    }
  }
  return 0;
}
