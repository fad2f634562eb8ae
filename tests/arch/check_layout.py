#!/usr/bin/env python3
"""Proves the fixed top level, file sizes, banned names, module READMEs and that documents name existing paths."""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
TOP = {"CMakeLists.txt", "CMakePresets.json", "engine", "gui", "cli", "diagnostics", "alerts", "conf", "tests", "installers",
       "README.md", "README.zh-CN.md", "LICENSE", "CONTRIBUTING.md", "CONTRIBUTING.zh-CN.md"}
BANNED = {"util", "utils", "common", "helpers", "helper", "misc"}
SOFT, HARD = 400, 800


def tracked():
    out = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True)
    if out.returncode == 0 and out.stdout:
        return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).exists()]
    return [p for p in ROOT.rglob("*") if p.is_file() and "build" not in p.relative_to(ROOT).parts[:1]]


def allowedLarge():
    allow = {}
    for line in (ROOT / "tests/arch/size_allow.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            allow[name] = reason.strip()
    return allow


def main():
    problems = []
    files = tracked()
    allow = allowedLarge()
    for path in files:
        relative = path.relative_to(ROOT)
        first = relative.parts[0]
        if first not in TOP and not first.startswith("."):
            problems.append(f"{relative}: the top level is fixed; {first} is not part of it")
        if any(part in BANNED or Path(part).stem in BANNED for part in relative.parts):
            problems.append(f"{relative}: say what it is; {sorted(BANNED)} are no names")
        if path.suffix in (".h", ".cpp", ".py") and path.is_file():
            lines = path.read_text(errors="replace").count("\n")
            if lines > HARD or (lines > SOFT and str(relative) not in allow):
                problems.append(f"{relative}: {lines} lines; split it or give a reason in tests/arch/size_allow.txt")
            if path.suffix == ".h" and "#pragma once" not in path.read_text(errors="replace"):
                problems.append(f"{relative}: header without #pragma once")
    for name in allow:
        if not (ROOT / name).exists():
            problems.append(f"tests/arch/size_allow.txt names {name}, which does not exist")
    modules = {p.parent for p in files if p.name == "CMakeLists.txt" and p.is_relative_to(ROOT / "engine")}
    for module in sorted(modules):
        if module == ROOT / "engine" or module.relative_to(ROOT / "engine").parts[0] == "api" and module.name == "examples":
            continue
        if not (module / "README.md").exists():
            problems.append(f"{module.relative_to(ROOT)}: a module needs a README.md")
    pathInText = re.compile(r"`((?:engine|tests|installers|cli|gui|conf|alerts|diagnostics)/[\w./-]+)`")
    for document in [p for p in files if p.suffix == ".md"]:
        for match in pathInText.finditer(document.read_text(errors="replace")):
            if not (ROOT / match.group(1).rstrip("/.")).exists():
                problems.append(f"{document.relative_to(ROOT)}: names {match.group(1)}, which does not exist")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files checked, {len(problems)} problems")
    return 1 if problems else 0


sys.exit(main())
