"""Jobs run and cancelled in a loop leave nothing behind: processes, threads, descriptors, files, memory."""
import os
import unittest
from pathlib import Path

from cluster import EXAMPLES, JOBS, ClusterTest, waitFor

JOBS_PER_ROUND = int(os.environ.get("FLINK_LOOP_JOBS", "30"))


class LoopTest(ClusterTest):
    options = {"jobstore.max-capacity": 100 if JOBS_PER_ROUND >= 100 else 10, "taskmanager.worker.log.max-files": 8}

    def footprint(self):
        waitFor("no worker is left", lambda: not self.cluster.processes("flink-worker"))
        pids = self.cluster.processes()
        files = [p for p in self.cluster.home.rglob("*") if p.is_file() and "worker" not in p.name]
        return {
            "processes": len(pids),
            "threads": sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
            "descriptors": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
            "files": len(files),
        }, {pid: self.rss(pid) for pid in pids}

    @staticmethod
    def rss(pid):
        return next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                    if line.startswith("VmRSS:"))

    def round(self):
        for index in range(JOBS_PER_ROUND):
            if index % 3 == 0:
                job = self.cluster.start(JOBS / "Endless.so", parallelism=2)
                self.cluster.waitTasks(job)
                self.cluster.ctl("cancel", job)
                self.cluster.waitState(job, "CANCELED")
            else:
                self.cluster.ctl("run", "-p", 2, EXAMPLES / "WordCount.so")

    def testThirdRoundNeedsNoMoreThanTheSecond(self):
        self.round()
        self.round()
        second, memory = self.footprint()
        self.round()
        def third():
            return self.footprint()[0]

        # What served the last job is closed a moment after it; a leak would stay.
        waitFor(f"no more is left than after two rounds: {second}",
                lambda: all(count <= second[kind] for kind, count in third().items()))
        self.assertEqual(third()["processes"], second["processes"])
        _, memoryAfter = self.footprint()
        # The allowance is that of a hundred jobs: in fewer the allocator's own steps would hide a smaller one.
        for pid, kib in memoryAfter.items():
            self.assertLessEqual(kib - memory[pid], 1024 * max(1.0, JOBS_PER_ROUND / 100), Path(f"/proc/{pid}/cmdline").read_text())
        logs = [p for p in (self.cluster.home / "log").iterdir() if "worker" in p.name]
        self.assertLessEqual(len(logs), 2 * 8 * 3, "worker logs are capped")


if __name__ == "__main__":
    unittest.main()
