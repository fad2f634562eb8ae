#!/usr/bin/env python3
"""Shows that the simulator catches broken builds: builds each (break_source.py) and runs seeds until one is violated.

    broken_builds.py BUILD_DIRECTORY [NAME...]"""
import subprocess
import sys
from pathlib import Path

import break_source

# Seeds that a broken build may take at most.
MAX_SEEDS = 400


def catches(build: Path, name: str) -> bool:
    subprocess.run(["cmake", "--build", str(build), "--target", f"simulation_{name}"], check=True, stdout=subprocess.DEVNULL)
    simulation = build / "tests" / "simulation" / f"simulation_{name}"
    command = [str(simulation), "--seeds", str(MAX_SEEDS), "--replay-every", "0", "--until-violation"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in ended.stdout.splitlines() if "VIOLATION" in line or line.startswith("seed=")]
    if ended.returncode == 0:
        print(f"{name}: NOT CAUGHT by {MAX_SEEDS} seeds", flush=True)
        return False
    # An engine that notices by itself that it is broken aborts the process.
    words = "; ".join(lines) if ended.returncode == 1 else f"died with {ended.returncode}: {ended.stderr.strip()[-300:]}"
    print(f"{name}: caught: {words}", flush=True)
    return True


def main() -> int:
    build, names = Path(sys.argv[1]), sys.argv[2:] or list(break_source.BREAKAGES)
    caught = sum(catches(build, name) for name in names)
    print(f"{len(names)} broken builds, {caught} caught")
    return 0 if caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
