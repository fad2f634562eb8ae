#!/usr/bin/env python3
"""Shows that the simulator catches broken builds: builds each (break_source.py) and runs seeds.

    broken_builds.py BUILD_DIRECTORY [NAME...]"""
import subprocess
import sys
from pathlib import Path

import break_source

# Seeds that a broken build may take.
SEEDS = 100
# A run in which too little happened accuses nobody.
IDLE = "too little happened"


def catches(build: Path, name: str) -> bool:
    subprocess.run(["cmake", "--build", str(build), "--target", f"simulation_{name}"], check=True, stdout=subprocess.DEVNULL)
    simulation = build / "tests" / "simulation" / f"simulation_{name}"
    command = [str(simulation), "--seeds", str(SEEDS), "--replay-every", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line.strip() for line in ended.stdout.splitlines() if "VIOLATION" in line and IDLE not in line]
    # An engine that notices by itself that it is broken aborts the process.
    if ended.returncode not in (0, 1):
        found.append(f"died with {ended.returncode}: {ended.stderr.strip()[-300:]}")
    print(f"{name}: caught: {found[0]}" if found else f"{name}: NOT CAUGHT by {SEEDS} seeds", flush=True)
    return bool(found)


def main() -> int:
    build, names = Path(sys.argv[1]), sys.argv[2:] or list(break_source.BREAKAGES)
    caught = sum(catches(build, name) for name in names)
    print(f"{len(names)} broken builds, {caught} caught")
    return 0 if caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
