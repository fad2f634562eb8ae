"""What `flink` prints, line by line, against what Flink's own client prints: a copy of its lines with placeholders here, and the
recorded answers of a real cluster where those are at hand."""
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from cluster import EXAMPLES, FLINKCTL, JOBS, ClusterTest

RECORDED = Path(os.environ.get("FLINK_RECORDED_CLI",
                               Path(__file__).resolve().parents[3] / "shared/conformance/recorded/cli"))
FLINK = FLINKCTL.parent / "flink"
FAILED = ["", "------------------------------------------------------------",
          " The program finished with the following exception:", ""]
RUNNING = ["------------------ Running/Restarting Jobs -------------------", "<TIME> : <ID> : <JOB>",
           "--------------------------------------------------------------"]
TERMINATED = ["---------------------- Terminated Jobs -----------------------", "<TIME> : <ID> : <JOB>",
              "--------------------------------------------------------------"]
# By the name of the recorded file.
EXPECTED = {
    "run_finished": ["Job has been submitted with JobID <ID>", "Program execution finished",
                     "Job with JobID <ID> has finished.", "Job Runtime: <N> ms", ""],
    "run_detached": ["Job has been submitted with JobID <ID>"],
    "list": ["Waiting for response...", *RUNNING, "No scheduled jobs."],
    "list_all": ["Waiting for response...", *RUNNING, "No scheduled jobs.", *TERMINATED],
    "list_no_cluster": ["Waiting for response...", *FAILED, "Failed to retrieve job list."],
    "cancel": ["Cancelling job <ID>.", "Cancelled job <ID>."],
    "cancel_unknown": ["Cancelling job <ID>.", *FAILED, "Could not cancel job <ID>."],
    "cancel_malformed": ['Cannot parse JobID from "zz". The expected format is [0-9a-fA-F]{32}, e.g. '
                         "<ID>.", "", "Use the help option (-h or --help) to get help on the command."],
    "unknown_verb": ['"frobnicate" is not a valid action.', "",
                     'Valid actions are "run", "list", "info", "savepoint", "stop", or "cancel".', "",
                     "Specify the version option (-v or --version) to print Flink version.", "",
                     "Specify the help option (-h or --help) to get help on the command."],
    "version": ["Version: <V>, Commit ID: <COMMIT>"],
}
# `info` prints a plan: its frame, and every form of line that may stand inside.
INFO_HEAD = ["----------------------- Execution Plan -----------------------", "{", '  "nodes" : [ {']
INFO_TAIL = ["  } ]", "}", "--------------------------------------------------------------", "", "No description provided."]
INFO_LINES = {'    "id" : <N>,', '    "type" : "<TEXT>",', '    "pact" : "<TEXT>",', '    "contents" : "<TEXT>",',
              '    "parallelism" : <N>', '    "parallelism" : <N>,', '    "predecessors" : [ {', '      "id" : <N>,',
              '      "ship_strategy" : "<TEXT>",', '      "side" : "<TEXT>"', "    } ]", "  }, {"}


def masked(text):
    """The lines without what differs from run to run: ids, times, names, classes of exceptions, and what is below an error's head."""
    lines = []
    for line in text.splitlines():
        if re.match(r"\s+at |Caused by: |RESULT ", line):
            break
        line = re.sub(r"\b[0-9a-f]{32}\b", "<ID>", line)
        line = re.sub(r"^\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d : <ID> : .* \([A-Z]+\)$", "<TIME> : <ID> : <JOB>", line)
        line = re.sub(r"^Job Runtime: \d+ ms$", "Job Runtime: <N> ms", line)
        line = re.sub(r"^Version: [\w.-]+, Commit ID: \w+$", "Version: <V>, Commit ID: <COMMIT>", line)
        line = re.sub(r"^[a-z][\w.$]+(Exception|Error): ", "", line)
        if line != "<TIME> : <ID> : <JOB>" or lines[-1] != line:
            lines.append(line)
    return lines


def maskedPlan(text):
    return [re.sub(r'^(\s+"\w+" : )"[^"]*"', r'\1"<TEXT>"', re.sub(r'^(\s+"\w+" : )\d+', r"\1<N>", line))
            for line in text.splitlines()]


class CliContractTest(ClusterTest):
    def flink(self, *arguments, environment=None):
        """stdout, then stderr, as the recorder had them."""
        run = subprocess.run([FLINK, *map(str, arguments)], env=environment or self.cluster.environment, capture_output=True,
                             text=True, timeout=60)
        return run.stdout + run.stderr

    def check(self, name, text):
        with self.subTest(name):
            self.assertEqual(masked(text), EXPECTED[name], text)

    def checkPlan(self, text):
        lines = maskedPlan(text)
        self.assertEqual(lines[:3], INFO_HEAD)
        self.assertEqual(lines[-len(INFO_TAIL):], INFO_TAIL)
        self.assertEqual(set(lines[3:-len(INFO_TAIL)]) - INFO_LINES, set())

    def testOursIsAsExpected(self):
        self.check("run_finished", self.flink("run", EXAMPLES / "WordCount.so", "--output", self.cluster.home / "counts"))
        submitted = self.flink("run", "-d", JOBS / "Endless.so")
        self.check("run_detached", submitted)
        job = re.search(r"[0-9a-f]{32}", submitted).group()
        self.cluster.waitState(job, "RUNNING")
        self.check("list", self.flink("list"))
        self.check("list_all", self.flink("list", "-a"))
        self.check("cancel", self.flink("cancel", job))
        self.check("cancel_unknown", self.flink("cancel", "0" * 32))
        self.check("cancel_malformed", self.flink("cancel", "zz"))
        self.check("unknown_verb", self.flink("frobnicate"))
        self.check("version", self.flink("--version"))
        self.check("list_no_cluster", self.flink("list", "-m", "localhost:1"))
        self.checkPlan(self.flink("info", "-p", "2", EXAMPLES / "WordCount.so"))

    def testPlansAreFlinksJson(self):
        text = self.flink("info", "-p", "2", EXAMPLES / "WordCount.so")
        nodes = json.loads("".join(text.splitlines(True)[1:-3]))["nodes"]
        self.assertEqual([node["pact"] for node in nodes][0], "Data Source")
        self.assertEqual({node["parallelism"] for node in nodes[1:]}, {2})
        self.assertEqual(nodes[2]["predecessors"], [{"id": nodes[1]["id"], "ship_strategy": "HASH", "side": "second"}])


@unittest.skipUnless(RECORDED.is_dir(), f"SKIPPED: no recorded answers of Flink's client at {RECORDED}; set FLINK_RECORDED_CLI")
class RecordedTest(unittest.TestCase):
    """The copy of Flink's lines above is a true one."""

    def testExpectedIsAsRecorded(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                lines = masked((RECORDED / f"{name}.txt").read_text())
                self.assertEqual(lines, expected)

    def testPlanIsAsRecorded(self):
        lines = maskedPlan((RECORDED / "info.txt").read_text())
        self.assertEqual(lines[:3], INFO_HEAD)
        self.assertEqual(lines[-len(INFO_TAIL):], INFO_TAIL)
        self.assertEqual(set(lines[3:-len(INFO_TAIL)]), INFO_LINES)


if __name__ == "__main__":
    unittest.main()
