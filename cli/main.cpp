#include "cli/command_line.h"

int main(int argc, char** argv) {
  return flink::cli::runCommandLine(argc, argv);
}
