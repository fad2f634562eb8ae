"""`cluster start` and `stop` when things are not as they were left: dead JobManagers, foreign ones, broken files."""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

BIN = Path(os.environ["FLINK_BUILD"]) / "bin"


def freePort():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class ClusterStartTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="flink-start-")
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        self.conf = self.makeConf("conf", freePort())

    def makeConf(self, name, port, **more):
        """A configuration directory whose cluster ends with the test."""
        conf = self.home / name
        conf.mkdir()
        settings = {"env.pid.dir": self.home / "pid", "env.log.dir": self.home / "log", "io.tmp.dirs": self.home / "tmp",
                    "jobmanager.memory.process.size": "1600m", "taskmanager.memory.process.size": "1728m",
                    "jobmanager.rpc.port": port, "rest.port": 0, "blob.server.port": 0, "jobmanager.event.port": 0, **more}
        (conf / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        self.addCleanup(self.run_, "cluster", "stop", conf=conf)
        return conf

    def run_(self, *arguments, conf=None, code=None, **environment):
        known = {**os.environ, "FLINK_CONF_DIR": str(conf or self.conf), "USER": "someone", **environment}
        run = subprocess.run([BIN / "flinkctl", *map(str, arguments)], env=known, capture_output=True, text=True, timeout=90)
        if code is not None:
            self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run

    def start(self, *arguments, **more):
        return json.loads(self.run_("cluster", "start", *arguments, "-o", "json", code=0, **more).stdout)

    def pids(self, cluster, component):
        return sorted(p["pid"] for p in cluster["processes"] if p["component"] == component)

    def killJobManager(self, cluster):
        pid, = self.pids(cluster, "jobmanager")
        end = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(select.select([end], [], [], 30)[0])
        os.close(end)

    def testTaskManagersThatOutlivedTheirJobManagerAreKept(self):
        first = self.start("-t", "2", "--ports", "auto")
        self.killJobManager(first)
        again = self.start("-t", "2", "--ports", "auto")
        self.assertEqual(self.pids(again, "taskmanager"), self.pids(first, "taskmanager"))
        self.assertEqual(again["rpcAddress"], first["rpcAddress"])
        self.assertNotEqual(self.pids(again, "jobmanager"), self.pids(first, "jobmanager"))
        status = json.loads(self.run_("cluster", "status", "-o", "json", code=0).stdout)
        self.assertEqual(status["taskManagers"], 2)
        # More are wanted than are there: the rest is started.
        self.killJobManager(again)
        more = self.start("-t", "3", "--ports", "auto")
        self.assertEqual(len(self.pids(more, "taskmanager")), 3)
        self.assertLess(set(self.pids(first, "taskmanager")), set(self.pids(more, "taskmanager")))
        self.killJobManager(more)
        refused = self.run_("cluster", "start", "-D", f"jobmanager.rpc.port={freePort()}", code=7)
        self.assertIn(first["rpcAddress"].split(":")[1], refused.stderr)

    def testClientsKeepAwayFromForeignClusters(self):
        port = freePort()
        foreign = self.makeConf("foreign", port)
        mine = self.makeConf("mine", port)
        self.run_("cluster", "start", "-t", "0", conf=foreign, code=0)
        for arguments in (["list"], ["cluster", "status"], ["cancel", "0" * 32]):
            said = self.run_(*arguments, conf=mine, code=5).stderr
            self.assertIn(f"conf={mine};", said)
            self.assertIn(f"conf={foreign}", said)
        self.run_("list", "-m", f"localhost:{port}", conf=mine, code=0)  # by name it is meant
        self.run_("list", conf=foreign, code=0)

    def testOwnerOfAPortHasItsWholeName(self):
        port = freePort()
        self.run_("cluster", "start", "-t", "0", conf=self.makeConf("first", port), code=0)
        said = self.run_("cluster", "start", "-t", "0", conf=self.makeConf("second", port), code=7).stderr
        self.assertRegex(said, r"owner=flink-jobmanager\(\d+\)")

    def testUnreachableNamesTheConfiguration(self):
        self.assertIn(f" conf={self.conf} reason=nobody listens", self.run_("list", code=5).stderr)

    def testRestAddressIsTold(self):
        rest = self.start("-t", "0")["restAddress"]
        said = self.run_("list", "-m", rest, code=5).stderr
        self.assertIn(f"a web server answers there and no JobManager's RPC: address={rest}", said)

    def testStopEndsAClusterWhoseFileBroke(self):
        cluster = self.start("-t", "1")
        config = self.conf / "config.yaml"
        text = config.read_text()
        for broken in ("rest: [\n", text + "rest.port: many\n"):
            config.write_text(broken)
            run = self.run_("cluster", "stop", code=0)
            self.assertIn("config.yaml", run.stderr)
            for pid in self.pids(cluster, "taskmanager") + self.pids(cluster, "jobmanager"):
                self.assertIn(f"(pid {pid})", run.stdout)
            config.write_text(text)
            cluster = self.start("-t", "1")

    def testAddressOffLoopbackIsRefusedAtOnce(self):
        elsewhere = self.makeConf("elsewhere", 0, **{"jobmanager.rpc.address": "192.0.2.7"})
        said = self.run_("cluster", "start", conf=elsewhere, code=4).stderr
        self.assertIn("key=jobmanager.rpc.address value=192.0.2.7", said)
        other = self.makeConf("other", 0, **{"jobmanager.rpc.address": "127.0.0.2"})
        said = self.run_("cluster", "start", conf=other, code=8).stderr
        self.assertIn("jobmanager.rpc.address=127.0.0.2 (127.0.0.2) jobmanager.bind-host=localhost", said)
        self.assertFalse((self.home / "log").exists())

    def testOutputOfEarlierRunsIsNotQuoted(self):
        self.run_("cluster", "start", "-t", "0", code=0)
        self.run_("cluster", "stop", code=0)
        out, = (self.home / "log").glob("*standalonesession*.out")
        out.write_text("words of an earlier run\n")
        program = self.home / "bin"
        program.mkdir()
        shutil.copy(BIN / "flinkctl", program)
        (program / "flink-jobmanager").write_text("#!/bin/sh\necho words of this run\nexit 3\n")
        (program / "flink-jobmanager").chmod(0o755)
        run = subprocess.run([program / "flinkctl", "cluster", "start"], capture_output=True, text=True, timeout=60,
                             env={**os.environ, "FLINK_CONF_DIR": str(self.conf), "USER": "someone"})
        self.assertEqual(run.returncode, 5, run.stdout)
        self.assertIn("words of this run", run.stderr)
        self.assertNotIn("words of an earlier run", run.stderr)

    def testStatusTellsThatAnOlderBuildRuns(self):
        tree = self.home / "tree"
        (tree / "bin").mkdir(parents=True)
        for name in ("flinkctl", "flink-jobmanager"):
            shutil.copy(BIN / name, tree / "bin")
        shutil.copytree(BIN.parent / "lib", tree / "lib", symlinks=True, ignore=lambda _, names: [
            name for name in names if not name.startswith("libflink.so")])
        environment = {**os.environ, "FLINK_CONF_DIR": str(self.conf), "USER": "someone"}

        def outdated():
            run = subprocess.run([tree / "bin/flinkctl", "cluster", "status", "-o", "json"], env=environment,
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual("older build" in run.stderr, json.loads(run.stdout)["outdated"])
            return json.loads(run.stdout)["outdated"]

        subprocess.run([tree / "bin/flinkctl", "cluster", "start", "-t", "0"], env=environment, check=True,
                       capture_output=True, timeout=60)
        self.assertFalse(outdated())
        library = (tree / "lib/libflink.so").resolve()
        shutil.copy(library, self.home / "built.so")
        os.replace(self.home / "built.so", library)
        self.assertTrue(outdated())

    def testAReusedPidIsNoProcessOfOurs(self):
        cluster = self.start("-t", "1")
        record, = (self.home / "pid").glob("*.cluster")
        noted = json.loads(record.read_text())
        for process in noted["processes"]:
            self.assertGreater(process["startTicks"], 0)
            process["startTicks"] += 1  # as if the pid had been given to a later process
        record.write_text(json.dumps(noted))
        for file in (self.home / "pid").glob("*.pid"):
            file.unlink()
        try:
            self.assertIn("Nothing to stop", self.run_("cluster", "stop", code=0).stdout)
        finally:
            for pid in self.pids(cluster, "taskmanager") + self.pids(cluster, "jobmanager"):
                os.kill(pid, signal.SIGKILL)

    def testDirectoriesOfTheEnvironment(self):
        log = self.home / "logs of mine"
        self.run_("cluster", "start", "-t", "0", code=0, FLINK_LOG_DIR=str(log))
        self.assertTrue(list(log.glob("flink-someone-standalonesession-0-*.log")))
        refused = self.run_("cluster", "start", "-D", f"env.pid.dir={self.home}/x", code=2)
        self.assertIn("FLINK_PID_DIR", refused.stderr)


if __name__ == "__main__":
    unittest.main()
