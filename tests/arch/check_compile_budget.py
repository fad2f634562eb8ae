#!/usr/bin/env python3
"""Keeps the users' compile times: <flink/datastream.h> alone at most 1.8 times the standard headers that it needs, and the
WordCount job at most 5 s at -O2. CPU time is compared, in turns, so that a loaded machine does not decide."""
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
COMPILER = sys.argv[2]
RATIO, WORDCOUNT_SECONDS, ROUNDS = 1.8, 5.0, 5
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
    ratios = sorted(cpuSeconds(user, "-O2") / cpuSeconds(standard, "-O2") for _ in range(ROUNDS))
    ratio = ratios[len(ratios) // 2]
    wordCount = (ROOT / "engine/api/examples/streaming/WordCount.cpp").read_text()
    seconds = min(cpuSeconds(wordCount, "-O2", "-fPIC") for _ in range(3))
    print(f"<flink/datastream.h> / standard headers = {ratio:.2f} (at most {RATIO})")
    print(f"WordCount.cpp at -O2: {seconds:.2f} s of CPU (at most {WORDCOUNT_SECONDS})")
    return 0 if ratio <= RATIO and seconds <= WORDCOUNT_SECONDS else 1


sys.exit(main())
