"""The disk of the checkpoints fills up and is freed again: the job lives on and its checkpoints resume."""
import os
import subprocess
import unittest

from cluster import JOBS, ClusterTest, waitFor

RECORDS, KEYS = 60_000, 500


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: a small disk needs root (mount -t tmpfs)")
class DiskFullTest(ClusterTest):
    options = {"execution.checkpointing.interval": "100 ms", "execution.checkpointing.tolerable-failed-checkpoints": 100_000,
               "restart-strategy.type": "none"}

    def setUp(self):
        self.disk = self.cluster.home / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"SKIPPED: no small disk: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def counts(self, job):
        return self.cluster.get(f"/jobs/{job}/checkpoints")["counts"]

    def testFullDiskFailsCheckpointsAndNothingElse(self):
        output = self.cluster.home / "counts"
        job = self.cluster.start(JOBS / "StatefulCount.so", "--records", RECORDS, "--keys", KEYS, "--rate", 5_000, "--output", output,
                                 parallelism=2, configuration={"execution.checkpointing.dir": f"file://{self.disk}/checkpoints"})
        waitFor("a checkpoint", lambda: self.counts(job)["completed"] >= 1)
        waitFor("checkpoints that fail", lambda: self.fill(self.disk / "filler") and self.counts(job)["failed"] >= 3)
        self.assertEqual(self.cluster.job(job)["state"], "RUNNING")
        message = next(c["failure_message"] for c in self.cluster.get(f"/jobs/{job}/checkpoints")["history"] if c["status"] == "FAILED")
        self.assertIn("No space left on device", message)

        (self.disk / "filler").unlink()
        completed = self.counts(job)["completed"]
        waitFor("checkpoints again", lambda: self.counts(job)["completed"] >= completed + 2)
        self.cluster.waitState(job, "FINISHED")
        lines = sorted(line for part in ([output] if output.is_file() else output.iterdir()) for line in part.read_text().split())
        self.assertEqual(lines, sorted(f"{key},{RECORDS // KEYS}" for key in range(KEYS)))

    @staticmethod
    def fill(path):
        """Takes all the room that is left: what a checkpoint had and gave back, too. True."""
        with path.open("ab", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096) == 4096:
                    pass
            except OSError:
                return True


if __name__ == "__main__":
    unittest.main()
