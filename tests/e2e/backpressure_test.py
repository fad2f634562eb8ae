"""A slow sink holds its source back: equal rates, bounded memory, and the REST answer names both."""
import os
import unittest
from pathlib import Path

from cluster import JOBS, ClusterTest, waitFor

SECONDS = float(os.environ.get("FLINK_BACKPRESSURE_SECONDS", "12"))


def rssMiB(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no VmRSS for {pid}")


class BackpressureTest(ClusterTest):
    def vertexRecords(self, job):
        details = self.cluster.job(job)
        source, sink = details["vertices"][0], details["vertices"][-1]
        return details["now"], source["metrics"]["write-records"], sink["metrics"]["read-records"]

    def testSlowSinkHoldsTheSourceBack(self):
        job = self.cluster.start(JOBS / "SlowSink.so", "--rate", "20000", parallelism=2)
        self.cluster.waitTasks(job)
        vertices = self.cluster.job(job)["vertices"]
        levels = lambda: [self.cluster.get(f"/jobs/{job}/vertices/{v['id']}/backpressure")["backpressureLevel"]
                          for v in vertices]
        waitFor("high at the source, ok at the sink", lambda: levels() == ["high", "ok"])
        start = waitFor("the sink has read", lambda: (lambda r: r if r[2] > 0 else None)(self.vertexRecords(job)))
        workers = self.cluster.workers(job)
        before = {pid: rssMiB(pid) for pid in workers}
        end = waitFor("time passes", lambda: (lambda r: r if r[0] - start[0] >= SECONDS * 1000 else None)(
            self.vertexRecords(job)), SECONDS * 3)
        written, read = end[1] - start[1], end[2] - start[2]
        self.assertGreater(read, 0)
        self.assertLessEqual(abs(written - read), 0.1 * read, (written, read))
        for pid in workers:
            self.assertLessEqual(rssMiB(pid) - before[pid], 16)
        self.assertEqual(levels(), ["high", "ok"])
        self.cluster.ctl("cancel", job)
        self.cluster.waitState(job, "CANCELED")


if __name__ == "__main__":
    unittest.main()
