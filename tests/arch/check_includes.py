#!/usr/bin/env python3
"""Proves that the include lines follow the layer table and that wrapped third-party headers stay with their wrapper."""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
ALWAYS_FROM_LAYER_2 = {"core/base", "core/config", "core/metrics"}
# Header prefix → (folders that may include it, how many .cpp files at most).
WRAPPED = {
    "boost/beast": ({"cluster/rest"}, 3),
    "boost/asio": ({"dataflow/network", "cluster/taskmanager", "cluster/rest"}, 9),
    "CLI/": ({"cli", "apps"}, 3),
    "google/protobuf": ({"cluster/protocol"}, 3),
    ".pb.h": ({"cluster/protocol"}, 3),
    "zmq": ({"cluster/control"}, 3),
    "prometheus/": ({"core/metrics"}, 3),
    "spdlog/": ({"core/base"}, 3),
    "rocksdb/": (set(), 0),
    "yaml-cpp/": ({"core/config", "cli"}, 3),
}


def readTable():
    table = {}
    for line in (ROOT / "tests/arch/layers.txt").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        head, _, allowed = line.partition(":")
        layer, module = head.split()
        table[module] = (int(layer), set(allowed.split()))
    return table


def moduleOf(path, table):
    """The longest table entry that is a prefix of a path relative to engine/ (or to the root for the clients)."""
    parts = path.split("/")
    for size in range(len(parts), 0, -1):
        name = "/".join(parts[:size])
        if name in table:
            return name
    return None


def main():
    table = readTable()
    problems = []
    wrappedUse = {prefix: [] for prefix in WRAPPED}
    files = [p for top in ("engine", "cli", "gui", "alerts", "diagnostics") for p in sorted((ROOT / top).rglob("*"))
             if p.suffix in (".h", ".cpp")]
    for path in files:
        relative = path.relative_to(ROOT).as_posix()
        inModule = relative[len("engine/"):] if relative.startswith("engine/") else relative
        module = moduleOf(inModule, table)
        if module is None:
            problems.append(f"{relative}: belongs to no module of tests/arch/layers.txt")
            continue
        layer, allowed = table[module]
        for match in INCLUDE.finditer(path.read_text(errors="replace")):
            target = match.group(2)
            for prefix, (folders, _) in WRAPPED.items():
                if target.startswith(prefix) or (prefix == ".pb.h" and target.endswith(prefix)):
                    wrappedUse[prefix].append(relative)
                    if module not in folders:
                        problems.append(f"{relative}: includes <{target}>, which only {sorted(folders)} may")
                    elif path.suffix == ".h":
                        problems.append(f"{relative}: a header includes <{target}>; it must stay in .cpp files")
            other = moduleOf(target, table)
            if target.startswith("flink/"):
                other = "api/include"
            if other is None or other == module or "*" in allowed:
                continue
            if other in allowed or (layer >= 2 and other in ALWAYS_FROM_LAYER_2):
                continue
            problems.append(f"{relative}: {module} (layer {layer}) may not include {other}: {target}")
    for prefix, users in wrappedUse.items():
        sources = sorted({u for u in users if u.endswith(".cpp")})
        if len(sources) > WRAPPED[prefix][1]:
            problems.append(f"<{prefix}> is included by {len(sources)} files, at most {WRAPPED[prefix][1]}: {sources}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files checked, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
