#!/usr/bin/env python3
"""Compiles every header on its own: a header that relies on what its users happen to include fails here. A header that a source
file of the build includes first is compiled that way by the build itself and left out here.

    check_headers.py ROOT COMPILER COMPILE_COMMANDS
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
COMPILER = sys.argv[2]
COMPILE_COMMANDS = Path(sys.argv[3])
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-x", "c++"]


INCLUDE_DIRECTORIES = [ROOT / "engine", ROOT / "engine" / "api" / "include", ROOT]


def includedFirst():
    """The headers that a source file of the build includes before anything else."""
    first = set()
    for command in json.loads(COMPILE_COMMANDS.read_text()):
        source = Path(command["directory"], command["file"])
        include = re.search(r'^#include\s+"([^"]+)"|^#include\s+<', source.read_text(), re.M) if source.exists() else None
        if include and include[1]:
            first.update(path for path in (directory / include[1] for directory in INCLUDE_DIRECTORIES) if path.exists())
    return first


def check(header):
    # The header is the main file's only include, so that #pragma once does not warn.
    source = f'#include "{header}"\n'
    run = subprocess.run([COMPILER, *FLAGS, *(f"-I{directory}" for directory in INCLUDE_DIRECTORIES), "-"], input=source, capture_output=True, text=True)
    return header, run.returncode, run.stderr


def main():
    headers = [p for top in ("engine", "cli", "gui", "alerts", "diagnostics") for p in sorted((ROOT / top).rglob("*.h"))]
    proven = includedFirst()
    unproven = [header for header in headers if header not in proven]
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, code, errors in pool.map(check, unproven):
            if code != 0:
                failed += 1
                print(f"{header.relative_to(ROOT)} is not self-contained:\n{errors}")
    print(f"{len(headers)} headers, {len(headers) - len(unproven)} of them first in a source file of the build, {failed} problems")
    return 1 if failed else 0


sys.exit(main())
