#!/usr/bin/env python3
"""Proves that clocks, randomness, sockets, files and threads are touched only behind their seams."""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
# What is searched for, and the files or folders (below engine/, or of cli/) in which it may stand: the seams' real implementations.
RULES = [
    ("clock", r"\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday)\b",
     ["core/base/clock.cpp", "core/base/log.cpp", "core/base/mutex.h"]),
    ("random", r"\b(random_device|mt19937\w*|getrandom|drand48|arc4random)\b|[^:\w]s?rand\(", ["core/base/rng.cpp"]),
    ("socket", r"(?<![\w>])::(socket|accept4?|bind|listen|connect|socketpair|shutdown|sendto|recvfrom|recvmsg|sendmsg|getaddrinfo)\s*\("
               r"|(?<![\w.>:])(socket|accept4?|bind|listen|connect|socketpair|recvmsg|sendmsg)\s*\((?=[^)]*(AF_|fd|sock))"
               r"|#include <(sys/socket|netinet/in|netdb|sys/un)\.h>",
     ["cluster/control/", "dataflow/network/", "cluster/taskmanager/", "connectors/socket/", "core/base/process.cpp",
      "cli/cluster_connection.cpp", "cli/cluster_start_command.cpp"]),
    ("file", r"\b(fopen|ofstream|ifstream|fstream|std::filesystem)\b|(?<![\w.>])::open\(",
     ["core/fs/", "core/base/log.cpp", "core/base/process.cpp", "cluster/control/port_owner.cpp", "cluster/control/client.cpp",
      "core/config/", "core/metrics/process_metrics.cpp", "cluster/worker/crash_handler.cpp", "api/program/", "apps/", "cli/"]),
    ("thread", r"\bstd::(thread|jthread|async)\b|\bpthread_create\b",
     ["core/base/", "cluster/control/", "dataflow/network/", "cluster/rest/", "cluster/taskmanager/", "core/metrics/",
      "dataflow/operators/legacy_source.h", "dataflow/operators/legacy_source.cpp", "apps/",
      "cli/run_command.cpp"]),
    ("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", ["core/base/executor", "cli/cluster_start_command.cpp", "cli/logs_command.cpp"]),
]
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def main():
    problems = []
    files = [p for top in ("engine", "cli") for p in sorted((ROOT / top).rglob("*")) if p.suffix in (".h", ".cpp")]
    for path in files:
        inEngine = path.relative_to(ROOT).as_posix().removeprefix("engine/")
        if inEngine.startswith("api/examples"):
            continue
        text = COMMENT.sub(lambda m: "\n" * m.group().count("\n"), path.read_text(errors="replace"))
        for number, line in enumerate(text.splitlines(), 1):
            for name, pattern, homes in RULES:
                if not any(inEngine.startswith(home) for home in homes) and re.search(pattern, line):
                    problems.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {name} call outside its seam: {line.strip()}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files checked, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
