"""A worker's violent death ends its own job with the cause by name, and no other."""
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

from cluster import JOBS, ClusterTest, waitFor


class IsolationTest(ClusterTest):
    # Long enough for workers that get no core for a while.
    options = {"taskmanager.worker.heartbeat-timeout": "10 s"}

    def setUp(self):
        self.bystander = self.cluster.start(JOBS / "Endless.so", parallelism=2)
        self.cluster.waitTasks(self.bystander)

    def tearDown(self):
        self.cluster.ctl("cancel", self.bystander)
        self.cluster.waitState(self.bystander, "CANCELED")

    def assertBystanderUntouched(self, workers):
        self.assertEqual(self.cluster.job(self.bystander)["state"], "RUNNING")
        self.assertEqual(self.cluster.workers(self.bystander), workers)

    def killOne(self, number):
        workers = self.cluster.workers(self.bystander)
        victim = self.cluster.start(JOBS / "Endless.so", parallelism=2)
        self.cluster.waitTasks(victim)
        pid = self.cluster.workers(victim)[0]
        os.kill(pid, number)
        self.cluster.waitState(victim, "FAILED")
        cause = self.cluster.rootCause(victim)
        self.assertIn(str(pid), cause)
        self.assertIn(os.uname().nodename, cause)
        waitFor("the failed job's workers are gone", lambda: not self.cluster.workers(victim))
        self.assertBystanderUntouched(workers)
        return cause

    def testSigkill(self):
        self.assertIn("signal=9 (SIGKILL)", self.killOne(signal.SIGKILL))

    def testSigsegvFromOutside(self):
        self.assertIn("signal=11 (SIGSEGV)", self.killOne(signal.SIGSEGV))

    def testSigstop(self):
        self.assertIn("was stopped by signal 19 (SIGSTOP)", self.killOne(signal.SIGSTOP))

    def testSegmentationFaultNamesOperatorAndLibrary(self):
        for how, name in (("segv", "SIGSEGV"), ("abort", "SIGABRT"), ("overflow", "SIGSEGV")):
            with self.subTest(how=how):
                workers = self.cluster.workers(self.bystander)
                victim = self.cluster.start(JOBS / "Crash.so", "--how", how)
                self.cluster.waitState(victim, "FAILED")
                cause = self.cluster.rootCause(victim)
                for word in (name, "Poisoned map", "Crash.so"):
                    self.assertIn(word, cause)
                self.assertBystanderUntouched(workers)

    def testExceptionNamesOperatorAndText(self):
        victim = self.cluster.start(JOBS / "Crash.so", "--how", "throw")
        self.cluster.waitState(victim, "FAILED")
        for word in ("Poisoned map", "the seventh record is poison"):
            self.assertIn(word, self.cluster.rootCause(victim))


class ForcedEndTest(ClusterTest):
    options = {"task.cancellation.timeout": "2 s", "task.cancellation.interval": "500 ms"}

    def testUserCodeThatDoesNotReturnIsEnded(self):
        victim = self.cluster.start(JOBS / "Crash.so", "--how", "hang")
        self.cluster.waitTasks(victim)
        self.cluster.ctl("cancel", victim)
        self.cluster.waitState(victim, "CANCELED")
        waitFor("no worker of the cancelled job", lambda: not self.cluster.workers(victim))


class TaskManagerLossTest(ClusterTest):
    options = {"heartbeat.timeout": "5 s", "heartbeat.interval": "1 s"}

    def testKilledTaskManagerFailsItsJobsByName(self):
        job = self.cluster.start(JOBS / "Endless.so", parallelism=2)
        self.cluster.waitTasks(job)
        pid = self.cluster.processes("flink-taskmanager")[0]
        os.kill(pid, signal.SIGKILL)
        self.cluster.waitState(job, "FAILED")
        self.assertIn(f"process {pid} on host {os.uname().nodename} is gone", self.cluster.rootCause(job))
        waitFor("all workers are gone", lambda: not self.cluster.processes("flink-worker"))

    def testStoppedTaskManagerFailsItsJobsByName(self):
        job = self.cluster.start(JOBS / "Endless.so", parallelism=2)
        self.cluster.waitTasks(job)
        pid = self.cluster.processes("flink-taskmanager")[0]
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        self.cluster.waitState(job, "FAILED")
        self.assertIn(f"process {pid} on host {os.uname().nodename} is stopped (SIGSTOP)", self.cluster.rootCause(job))


class JobManagerLossTest(ClusterTest):
    options = {"heartbeat.timeout": "5 s", "heartbeat.interval": "1 s"}

    def testJobManagerDeathEndsWorkersAndTaskManagersComeBack(self):
        job = self.cluster.start(JOBS / "Endless.so")
        self.cluster.waitTasks(job)
        before = self.cluster.get("/overview")["taskmanagers"]
        pid = self.cluster.processes("flink-jobmanager")[0]
        environment = dict(pair.split("=", 1) for pair in
                           Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in pair)
        command = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        # The cluster took free ports; the next JobManager has to answer at the same ones.
        status = json.loads(self.cluster.ctl("cluster", "status", "-o", "json"))
        for key, address in (("jobmanager.rpc.port", status["rpcAddress"]), ("rest.port", status["restAddress"])):
            command += ["-D", f"{key}={address.rsplit(':', 1)[1]}"]
        os.kill(pid, signal.SIGKILL)
        waitFor("workers end with the JobManager", lambda: not self.cluster.processes("flink-worker"))
        self.restart(command, environment)
        waitFor("TaskManagers are registered again",
                lambda: self.overview().get("taskmanagers") == before)

    def restart(self, command, environment):
        environment.pop("FLINK_READY_FD", None)
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def overview(self):
        try:
            return self.cluster.get("/overview")
        except OSError:
            return {}


if __name__ == "__main__":
    unittest.main()
