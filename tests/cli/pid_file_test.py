"""Flink's pid files: what start and stop leave in env.pid.dir, and what they make of lines that are no longer true."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

BIN = Path(os.environ["FLINK_BUILD"]) / "bin"


class PidFileTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="flink-pid-")
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        self.pids = self.home / "pid"
        self.environment = {**os.environ, "FLINK_CONF_DIR": str(self.conf("conf")), "USER": "someone"}
        self.environment.pop("FLINK_IDENT_STRING", None)
        self.environment.pop("FLINK_PID_DIR", None)
        self.addCleanup(self.run_, "flinkctl", "cluster", "stop")

    def conf(self, name):
        conf = self.home / name
        conf.mkdir()
        (conf / "config.yaml").write_text(
            f"env.pid.dir: {self.pids}\nenv.log.dir: {self.home}/log\nio.tmp.dirs: {self.home}/tmp\n"
            "jobmanager.memory.process.size: 1600m\ntaskmanager.memory.process.size: 1728m\n"
            "jobmanager.rpc.port: 0\nrest.port: 0\nblob.server.port: 0\njobmanager.event.port: 0\n")
        return conf

    def run_(self, program, *arguments, **environment):
        run = subprocess.run([BIN / program, *arguments], env={**self.environment, **environment}, capture_output=True,
                             text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout

    def lines(self, service, user="someone"):
        file = self.pids / f"flink-{user}-{service}.pid"
        return list(map(int, file.read_text().split())) if file.exists() else None

    def runs(self, pid):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes() != b""  # a zombie has none
        except FileNotFoundError:
            return False

    def name(self, pid):
        return Path(f"/proc/{pid}/comm").read_text().strip()

    def testOneLinePerProcessNewestLast(self):
        self.run_("start-cluster.sh", "-t", "2")
        jobManager, = self.lines("standalonesession")
        first, second = self.lines("taskexecutor")
        self.assertTrue(self.name(jobManager).startswith("flink-jobmanage"))
        self.assertTrue(self.name(first).startswith("flink-taskmanag"))
        self.run_("taskmanager.sh", "start")
        self.assertEqual(self.lines("taskexecutor")[:2], [first, second])
        third = self.lines("taskexecutor")[2]
        self.assertIn(f"pid {third}", self.run_("taskmanager.sh", "stop"))
        self.assertEqual(self.lines("taskexecutor"), [first, second])
        self.run_("taskmanager.sh", "stop-all")
        self.assertIsNone(self.lines("taskexecutor"))
        self.assertEqual(self.lines("standalonesession"), [jobManager])
        self.run_("stop-cluster.sh")
        self.assertIsNone(self.lines("standalonesession"))

    def testStopFindsProcessesWithoutTheRunRecord(self):
        self.run_("flinkctl", "cluster", "start", "-t", "1")
        record, = self.pids.glob("*.cluster")
        record.unlink()
        taskManager, = self.lines("taskexecutor")
        self.assertIn(f"pid {taskManager}", self.run_("flinkctl", "cluster", "stop"))
        self.assertEqual(list(self.pids.iterdir()), [])

    def testStaleLinesGoAndOtherPeoplesStay(self):
        self.pids.mkdir()
        dead = subprocess.Popen(["true"])
        dead.wait()
        stranger = subprocess.Popen(["sleep", "1000"])  # took over a pid that was a TaskManager's once
        other = subprocess.Popen(["org.apache.flink", "1000"], executable="/bin/sleep")  # a Flink that is not ours
        for process in (stranger, other):
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
        file = self.pids / "flink-someone-taskexecutor.pid"
        file.write_text(f"{dead.pid}\n{stranger.pid}\nnonsense\n{other.pid}\n")
        self.assertIn("Nothing to stop", self.run_("flinkctl", "cluster", "stop"))
        self.assertEqual(self.lines("taskexecutor"), [other.pid])
        self.assertIsNone(stranger.poll())

    def testClustersThatShareTheDirectoryStopTheirOwn(self):
        other = {"FLINK_CONF_DIR": str(self.conf("other"))}
        self.run_("flinkctl", "cluster", "start", "-t", "1")
        self.addCleanup(self.run_, "flinkctl", "cluster", "stop", **other)
        self.run_("flinkctl", "cluster", "start", "-t", "1", **other)
        mine, theirs = self.lines("taskexecutor")
        self.run_("flinkctl", "cluster", "stop")
        self.assertEqual(self.lines("taskexecutor"), [theirs])
        self.assertTrue(self.runs(theirs))
        self.assertFalse(self.runs(mine))

    def testIdentAndDirectoryOfTheEnvironmentWin(self):
        elsewhere = self.home / "elsewhere"
        chosen = {"FLINK_IDENT_STRING": "blue", "FLINK_PID_DIR": str(elsewhere)}
        self.run_("flinkctl", "cluster", "start", "-t", "0", **chosen)
        self.assertEqual(len((elsewhere / "flink-blue-standalonesession.pid").read_text().split()), 1)
        self.run_("flinkctl", "cluster", "stop", **chosen)
        self.assertEqual(list(elsewhere.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
