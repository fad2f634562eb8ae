#!/usr/bin/env python3
"""Keeps the users' compile times: <flink/datastream.h> alone at most 1.8 times the standard headers that it needs, and the
WordCount job at most 5 s at -O2. Times differ between machines and from run to run, the memory that the compiler allocates
does not: its limits below are what it allocated when the times were just met (GCC 12, Debian 12), and find what grows slowly.
The times themselves count too, the best of several rounds and with a margin for busy machines."""
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
COMPILER = sys.argv[2]
MEMORY_RATIO, WORDCOUNT_MEGABYTES = 2.06, 500
TIME_RATIO, WORDCOUNT_SECONDS, ROUNDS = 1.8, 5.0, 3
# By how much a busy machine may be above the limits of time. Both sides of the ratio suffer alike, so it strays less.
RATIO_MARGIN, SECONDS_MARGIN = 1.1, 1.5
INCLUDES = [f"-I{ROOT}/engine", f"-I{ROOT}/engine/api/include"]
ENVIRONMENT = {**os.environ, "CCACHE_DISABLE": "1"}


def cpuSeconds(source, *flags):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([COMPILER, "-std=c++20", *flags, *INCLUDES, "-x", "c++", "-o", "/dev/null", "-c", "-"],
                         input=source, capture_output=True, text=True, env=ENVIRONMENT)
    if run.returncode != 0:
        sys.exit(f"does not compile:\n{run.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def allocatedMegabytes(source, *flags):
    """What GCC's -ftime-report gives as allocated in total."""
    report = subprocess.run([COMPILER, "-std=c++20", "-ftime-report", *flags, *INCLUDES, "-x", "c++", "-o", "/dev/null",
                             "-c", "-"], input=source, capture_output=True, text=True, env=ENVIRONMENT).stderr
    total = re.search(r"^\s*TOTAL\s*:.*?(\d+)([kM])\s*$", report, re.MULTILINE)
    if not total:
        sys.exit(f"the compiler reports no memory:\n{report}")
    return int(total.group(1)) / (1024 if total.group(2) == "k" else 1)


def standardHeadersOf(source):
    """The system headers that our own headers name, as the baseline program."""
    listing = subprocess.run([COMPILER, "-std=c++20", *INCLUDES, "-x", "c++", "-M", "-"], input=source,
                             capture_output=True, text=True, env=ENVIRONMENT, check=True).stdout
    ours = [Path(p) for p in re.findall(r"\S+\.h\b", listing) if p.startswith(str(ROOT))]
    names = set()
    for header in ours:
        for line in header.read_text().splitlines():
            match = re.match(r"#\s*include\s+<([a-z_0-9]+)>", line)
            if match:
                names.add(match.group(1))
    return "".join(f"#include <{name}>\n" for name in sorted(names))


def main():
    user = "#include <flink/datastream.h>\n"
    standard = standardHeadersOf(user)
    wordCount = (ROOT / "engine/api/examples/streaming/WordCount.cpp").read_text()
    ratio = allocatedMegabytes(user, "-O2") / allocatedMegabytes(standard, "-O2")
    megabytes = allocatedMegabytes(wordCount, "-O2", "-fPIC")
    rounds = [(cpuSeconds(user, "-O2"), cpuSeconds(standard, "-O2"), cpuSeconds(wordCount, "-O2", "-fPIC"))
              for _ in range(ROUNDS)]
    best = [min(times) for times in zip(*rounds)]
    timeRatio, seconds = best[0] / best[1], best[2]
    print(f"<flink/datastream.h> / standard headers: {ratio:.2f} in memory (at most {MEMORY_RATIO}), {timeRatio:.2f} in time "
          f"(at most {TIME_RATIO}; fails above {TIME_RATIO * RATIO_MARGIN:.2f})")
    print(f"WordCount.cpp at -O2: {megabytes:.0f} MB (at most {WORDCOUNT_MEGABYTES}), {seconds:.2f} s of CPU "
          f"(at most {WORDCOUNT_SECONDS:g}; fails above {WORDCOUNT_SECONDS * SECONDS_MARGIN:g})")
    met = (ratio <= MEMORY_RATIO and megabytes <= WORDCOUNT_MEGABYTES and timeRatio <= TIME_RATIO * RATIO_MARGIN
           and seconds <= WORDCOUNT_SECONDS * SECONDS_MARGIN)
    return 0 if met else 1


sys.exit(main())
