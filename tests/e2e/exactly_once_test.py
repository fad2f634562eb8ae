"""Both ends of jobs: what sources read and sinks write counts once, also when workers die meanwhile."""
import collections
import os
import random
import re
import signal
import unittest

from cluster import EXAMPLES, JOBS, ClusterTest, waitFor

RECORDS, KEYS, KILLS = 100_000, 500, 4


def finishedLines(directory):
    """How often each line is in the finished parts."""
    return collections.Counter(line for part in directory.rglob("part-*") for line in part.read_text().splitlines())


class ExactlyOnceTest(ClusterTest):
    options = {"execution.checkpointing.interval": "100 ms", "restart-strategy.type": "fixed-delay",
               "restart-strategy.fixed-delay.attempts": 100, "restart-strategy.fixed-delay.delay": "1 ms"}

    def start(self, library, *arguments, savepoint=()):
        out = self.cluster.ctl("run", "-d", "-p", 2, *savepoint, "-D",
                               f"execution.checkpointing.dir={self.cluster.home}/checkpoints", library, *arguments)
        return re.search(r"JobID ([0-9a-f]{32})", out).group(1)

    def completed(self, job):
        return self.cluster.get(f"/jobs/{job}/checkpoints")["counts"]["completed"]

    def restarts(self, job):
        vertex = self.cluster.job(job)["vertices"][0]["id"]
        return max(s["attempt"] for s in self.cluster.get(f"/jobs/{job}/vertices/{vertex}")["subtasks"])

    def assertEachCountOnce(self, output, records):
        lines = finishedLines(output)
        self.assertEqual([line for line, times in lines.items() if times > 1], [])
        self.assertEqual(set(lines), {f"{key},{count}" for key in range(KEYS) for count in range(1, records // KEYS + 1)})

    def killWorker(self, job, number):
        """Once two more checkpoints are complete."""
        self.cluster.waitTasks(job)
        before, restarts = self.completed(job), self.restarts(job)
        waitFor("two more checkpoints", lambda: self.completed(job) >= before + 2)
        os.kill(self.cluster.workers(job)[number % 2], signal.SIGKILL)
        waitFor("the job restarts", lambda: self.restarts(job) > restarts)

    def testKilledWorkersLeaveEachRecordInOnePart(self):
        output = self.cluster.home / "counts"
        job = self.start(JOBS / "FileSinkCount.so", "--records", RECORDS, "--keys", KEYS, "--rate", 10_000, "--output", output)
        for kill in range(KILLS):
            self.killWorker(job, kill)
        self.assertTrue(finishedLines(output), "parts appear while the job runs")
        self.cluster.waitState(job, "FINISHED")
        self.assertEachCountOnce(output, RECORDS)

    def testWhatASavepointStopsItFinishesToo(self):
        output, records = self.cluster.home / "stopped", 30_000
        arguments = ["--records", records, "--keys", KEYS, "--rate", 5_000, "--output", output]
        job = self.start(JOBS / "FileSinkCount.so", *arguments)
        waitFor("checkpoints", lambda: self.completed(job) >= 2)
        path = re.search(r"Path: (\S+)", self.cluster.ctl("stop", "-p", self.cluster.home / "savepoints", job)).group(1)
        self.cluster.waitState(job, "FINISHED")
        self.assertEqual([part for part in output.rglob("*.inprogress.*")], [], "stopping commits")
        before = finishedLines(output)
        self.assertTrue(0 < len(before) < records)
        job = self.start(JOBS / "FileSinkCount.so", *arguments, savepoint=("-s", path))
        self.cluster.waitState(job, "FINISHED")
        self.assertEachCountOnce(output, records)

    def testMonitoredFilesArriveOnce(self):
        files, output, aside = (self.cluster.home / name for name in ("incoming", "arrived", "aside"))
        files.mkdir()
        job = self.start(JOBS / "FilesToFiles.so", "--input", files, "--output", output)
        expected = set()
        for number in range(4):
            lines = [f"{number}-{line}" for line in range(20_000)]
            aside.write_text("\n".join(lines) + "\n")
            aside.rename(files / f"file{number}")
            if number % 2 == 1:
                self.killWorker(job, number)
            expected.update(lines)
        waitFor("all lines arrive", lambda: len(finishedLines(output)) >= len(expected))
        self.cluster.ctl("cancel", job)
        lines = finishedLines(output)
        self.assertEqual([line for line, times in lines.items() if times > 1], [])
        self.assertEqual(set(lines), expected)

    def testUpsertsHoldTheLastCountsAlsoWhenTheyComeTwice(self):
        rng = random.Random(7)
        text = [f"w{rng.randrange(200)}" for _ in range(20_000)]
        (self.cluster.home / "text").write_text("\n".join(text) + "\n")
        output = self.cluster.home / "upserts"
        for _ in range(2):
            self.cluster.ctl("run", "-p", 2, EXAMPLES / "IdempotentUpsert.so", "--input", self.cluster.home / "text",
                             "--output", output)
            counts = {bytes.fromhex(file.name).decode(): int(file.read_text()) for file in output.iterdir()}
            self.assertEqual(counts, collections.Counter(text))

    def testPoisonRecordsAreTriedAgainSkippedOrSetAside(self):
        output, letters = self.cluster.home / "survivors", self.cluster.home / "letters"
        self.cluster.ctl("run", "-p", 2, JOBS / "Poison.so", "--output", output, "--letters", letters)
        self.assertEqual(sorted(map(int, output.read_text().split())), [n for n in range(1000) if n % 100 not in (9, 27)])
        self.assertEqual(sorted(letters.read_text().splitlines(), key=lambda line: int(line.split(",")[0])),
                         [f"{n},3,Temporary processing error" for n in range(9, 1000, 100)])


if __name__ == "__main__":
    unittest.main()
