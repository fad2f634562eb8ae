"""Workers die while a job counts; with checkpoints nothing is lost and nothing is counted twice."""
import os
import signal
import unittest

from cluster import JOBS, ClusterTest, waitFor

RECORDS, KEYS = 100_000, 500


class CheckpointTest(ClusterTest):
    options = {"execution.checkpointing.interval": "200 ms", "restart-strategy.type": "fixed-delay",
               "restart-strategy.fixed-delay.attempts": 100, "restart-strategy.fixed-delay.delay": "1 ms"}

    def completed(self, job):
        return self.cluster.get(f"/jobs/{job}/checkpoints")["counts"]["completed"]

    def restarts(self, job):
        """How often the job's tasks have started over."""
        vertex = self.cluster.job(job)["vertices"][0]["id"]
        return max(s["attempt"] for s in self.cluster.get(f"/jobs/{job}/vertices/{vertex}")["subtasks"])

    def testKilledWorkersLoseAndDuplicateNothing(self):
        output = self.cluster.home / "counts"
        job = self.cluster.start(JOBS / "StatefulCount.so", "--records", RECORDS, "--keys", KEYS, "--rate", 10_000, "--output", output,
                                 parallelism=2, configuration={"execution.checkpointing.dir": f"{self.cluster.home}/checkpoints"})
        kills = 0
        for _ in range(3):
            self.cluster.waitTasks(job)
            before = self.completed(job)
            waitFor("two more checkpoints", lambda: self.completed(job) >= before + 2)
            os.kill(self.cluster.workers(job)[kills % 2], signal.SIGKILL)
            kills += 1
            waitFor("the job restarts", lambda: self.restarts(job) >= kills)
        restored = self.cluster.get(f"/jobs/{job}/checkpoints")["latest"]["restored"]
        self.assertIn(f"{self.cluster.home}/checkpoints/{job}/chk-", restored["external_path"])
        self.cluster.waitState(job, "FINISHED")
        lines = sorted(output.read_text().split()) if output.is_file() else sorted(
            line for part in output.iterdir() for line in part.read_text().split())
        self.assertEqual(lines, sorted(f"{key},{RECORDS // KEYS}" for key in range(KEYS)))


if __name__ == "__main__":
    unittest.main()
