"""tests/arch/tidy over a little repository with a clang-tidy that finds the word `flaw`."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIDY = Path(__file__).with_name("tidy")
FAKE = """#!/usr/bin/env bash
file=${!#}
if grep -q flaw "$file"; then echo "$file:1:1: error: flaw [fake-check]"; exit 1; fi
"""


class TidyTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="flink-tidy-")
        self.addCleanup(directory.cleanup)
        self.top = Path(directory.name) / "project"
        self.write("tests/arch/tidy", TIDY.read_text())
        (self.top / "tests/arch/tidy").chmod(0o755)
        tools = Path(directory.name) / "tools"
        tools.mkdir()
        (tools / "clang-tidy-14").write_text(FAKE)
        (tools / "clang-tidy-14").chmod(0o755)
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
                            "PATH": f"{tools}:{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": "/dev/null",
                            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                            "GIT_COMMITTER_EMAIL": "a@b"}
        self.git("init", "-q", "-b", "main")
        for name in ("old", "kept", "gone"):
            self.write(f"engine/{name}.cpp", "old\n")
        self.write("engine/old.h", "\n")
        self.commit("first")

    def write(self, name, text):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.top, env=self.environment, check=True, capture_output=True)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def tidy(self, *arguments, built=True):
        commands = self.top / "build/release/compile_commands.json"
        shutil.rmtree(commands.parent, ignore_errors=True)
        if built:
            commands.parent.mkdir(parents=True)
            commands.write_text(json.dumps([{"file": str(path)} for path in self.top.glob("engine/*.cpp")
                                            if path.name != "unbuilt.cpp"]))
        run = subprocess.run(["tests/arch/tidy", *arguments], cwd=self.top, env=self.environment, capture_output=True,
                             text=True, timeout=60)
        return run.returncode, run.stdout + run.stderr

    def testChecksWhatTheLastCommitAndTheWorkTreeChanged(self):
        self.write("engine/kept.cpp", "new\n")
        (self.top / "engine/gone.cpp").unlink()
        self.write("engine/old.h", "flaw\n")
        self.write("tests/some_test.cpp", "flaw\n")
        self.commit("second")
        self.write("engine/uncommitted.cpp", "new\n")
        self.git("add", "-A")
        code, text = self.tidy()
        self.assertEqual(code, 0, text)
        self.assertIn("2 of 2 changed files checked", text)

    def testComparesWithTheBranchPointWhenThereIsOne(self):
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        for name in ("old", "kept"):
            self.write(f"engine/{name}.cpp", "new\n")
            self.commit(name)
        self.assertIn("2 of 2 changed files checked", self.tidy()[1])
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.assertIn("1 of 1 changed files checked", self.tidy()[1])

    def testAFlawIsShownAndFails(self):
        self.write("engine/kept.cpp", "flaw\n")
        self.commit("second")
        code, text = self.tidy()
        self.assertEqual(code, 1, text)
        self.assertIn("error: flaw [fake-check]", text)

    def testTimeThatRunsOutFailsByFile(self):
        self.write("engine/kept.cpp", "new\n")
        self.commit("second")
        code, text = self.tidy("--seconds", "0")
        self.assertEqual(code, 3, text)
        self.assertIn("0 of 1 changed files checked; no time for: engine/kept.cpp", text)

    def testFilesThatNoBuildCompilesAreNamed(self):
        self.write("engine/unbuilt.cpp", "flaw\n")
        self.commit("second")
        code, text = self.tidy()
        self.assertEqual(code, 0, text)
        self.assertIn("not part of build/release: engine/unbuilt.cpp", text)

    def testWithoutABuildItSaysWhatToDo(self):
        code, text = self.tidy(built=False)
        self.assertEqual(code, 2, text)
        self.assertIn("tests/run", text)

    def testUnknownArgumentsAndRevisionsAreRefused(self):
        self.assertEqual(self.tidy("--frobnicate")[0], 2)
        self.assertEqual(self.tidy("--base", "nowhere")[0], 2)


if __name__ == "__main__":
    sys.exit(unittest.main())
