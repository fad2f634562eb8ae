#!/usr/bin/env python3
"""Compiles a program that is wrong: the compiler must report exactly one error, and it must be the line that the program's
first comment announces."""
import re
import subprocess
import sys
from pathlib import Path

root, compiler, source = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
announced = re.match(r"// error: ((?:.+)(?:\n// .+)*)", source.read_text())
if announced is None:
    sys.exit(f"{source.name}: the first line must be `// error: message`")
message = announced.group(1).replace("\n// ", " ")
run = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{root}/engine", f"-I{root}/engine/api/include", str(source)],
                     capture_output=True, text=True)
errors = [line for line in run.stderr.splitlines() if re.search(r"\berror: ", line)]
if run.returncode == 0:
    sys.exit(f"{source.name}: compiles, but should not")
if len(errors) != 1 or not errors[0].endswith(message):
    sys.exit(f"{source.name}: expected one error:\n  {message}\ngot {len(errors)}:\n" + "\n".join(errors) + "\n\n" + run.stderr)
