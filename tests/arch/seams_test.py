"""tests/arch/check_seams.py over little trees: what it has to find, and what it may not."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).with_name("check_seams.py")


class SeamsTest(unittest.TestCase):
    def check(self, name, line):
        with tempfile.TemporaryDirectory(prefix="flink-seams-") as directory:
            path = Path(directory) / name
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            return subprocess.run([sys.executable, "-B", CHECK, directory], capture_output=True, text=True,
                                  check=False).stdout

    def testCallsOutsideTheirSeamsAreNamed(self):
        for name in ("engine/dataflow/task/subtask.cpp", "cli/render.cpp"):
            for kind, line in (("socket", "  if (::connect(descriptor.get(), address, size) != 0) return;"),
                               ("socket", "  const int listener = socket(AF_INET, SOCK_STREAM, 0);"),
                               ("socket", "#include <sys/socket.h>"),
                               ("clock", "  const auto now = std::chrono::steady_clock::now();"),
                               ("random", "  std::random_device device;"),
                               ("thread", "  std::thread worker([] {});"),
                               ("sleep", "  std::this_thread::sleep_for(pause);")):
                self.assertIn(f"{name}:1: {kind} call outside its seam", self.check(name, line), line)
        self.assertIn("file call", self.check("engine/dataflow/task/subtask.cpp", "  std::ifstream file(path);"))

    def testSeamsThemselvesAndOtherWordsAreLeftAlone(self):
        for name, line in (("engine/cluster/control/zmq_socket.cpp", "  ::connect(fd, address, size);"),
                           ("engine/core/base/clock.cpp", "  return std::chrono::steady_clock::now();"),
                           ("cli/render.cpp", "  transport.connect(endpoint); Server::listen(port); bind(handler);"),
                           ("cli/render.cpp", "  // ::connect(fd) and std::thread are words here"),
                           ("cli/pid_files.cpp", "  std::ifstream file(path);")):
            self.assertIn(" 0 problems", self.check(name, line), line)


if __name__ == "__main__":
    sys.exit(unittest.main())
