#!/usr/bin/env python3
"""Compiles every header on its own: a header that relies on what its users happen to include fails here."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
COMPILER = sys.argv[2]
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-x", "c++"]


def includeDirectories():
    return [f"-I{ROOT}/engine", f"-I{ROOT}/engine/api/include", f"-I{ROOT}"]


def check(header):
    # The header is the main file's only include, so that #pragma once does not warn.
    source = f'#include "{header}"\n'
    run = subprocess.run([COMPILER, *FLAGS, *includeDirectories(), "-"], input=source, capture_output=True, text=True)
    return header, run.returncode, run.stderr


def main():
    headers = [p for top in ("engine", "cli", "gui", "alerts", "diagnostics") for p in sorted((ROOT / top).rglob("*.h"))]
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, code, errors in pool.map(check, headers):
            if code != 0:
                failed += 1
                print(f"{header.relative_to(ROOT)} is not self-contained:\n{errors}")
    print(f"{len(headers)} headers checked, {failed} problems")
    return 1 if failed else 0


sys.exit(main())
