"""WordCount against coreutils: the same text, the same counts, at every parallelism and in both modes."""
import collections
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from cluster import EXAMPLES, ClusterTest


def readPairs(output):
    """(word, count) lines of a writeAsText output, in order; words are bytes."""
    pairs = []
    files = [output] if output.is_file() else sorted(p for p in output.rglob("*") if p.is_file())
    for file in files:
        for line in file.read_bytes().splitlines():
            word, _, count = line[1:-1].rpartition(b",")
            pairs.append((word, int(count)))
    return pairs


class WordCountTest(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = Path(tempfile.mkdtemp(dir=cls.cluster.home))
        rng = random.Random(1)
        words = [bytes(rng.choice(range(33, 256)) for _ in range(rng.randint(1, 24))) for _ in range(2000)]
        for index in range(5):
            text = b"".join(rng.choice(words) + rng.choice([b" ", b"\n", b"\t", b"  ", b"\r\n", b"\x0b", b"\x0c"])
                            for _ in range(20000))
            (cls.home / f"text-{index}").write_bytes(text)
        (cls.home / "text-empty").write_bytes(b"")
        (cls.home / "text-no-newline").write_bytes(b"last words")
        count = subprocess.run(
            f"cat {cls.home}/text-* | LC_ALL=C tr -s '[:space:]' '\\n' | LC_ALL=C grep -a . | LC_ALL=C sort | uniq -c",
            shell=True, capture_output=True, check=True).stdout
        cls.expected = {}
        for line in count.splitlines():
            number, _, word = line.strip(b" ").partition(b" ")
            cls.expected[word] = int(number)

    def count(self, mode, parallelism):
        output = self.home / f"counts-{mode}-{parallelism}"
        self.cluster.ctl("run", "-p", parallelism, EXAMPLES / "WordCount.so", "--input", f"{self.home}/text-*",
                         "--output", output, "--execution-mode", mode)
        return readPairs(output)

    def testBatchEmitsEachWordOnce(self):
        # 16 on eight slots: the subtasks have their turns.
        for parallelism in (1, 2, 4, 8, 16):
            with self.subTest(parallelism=parallelism):
                pairs = self.count("BATCH", parallelism)
                self.assertEqual(len(pairs), len(self.expected))
                self.assertEqual(dict(pairs), self.expected)

    def testStreamingEndsAtTheSameCounts(self):
        for parallelism in (1, 2, 4, 8):
            with self.subTest(parallelism=parallelism):
                last = {}
                times = collections.Counter()
                for word, number in self.count("STREAMING", parallelism):
                    last[word] = max(number, last.get(word, 0))
                    times[word] += 1
                self.assertEqual(last, self.expected)
                self.assertEqual(dict(times), self.expected, "one update per occurrence")

    def testBothWorkersTakeTheirShare(self):
        jobId = self.cluster.start(EXAMPLES / "WordCount.so", "--input", f"{self.home}/text-*", "--output",
                                   self.home / "share", parallelism=2)
        self.cluster.waitState(jobId, "FINISHED")
        job = self.cluster.job(jobId)
        vertex = job["vertices"][1]
        subtasks = self.cluster.get(f"/jobs/{jobId}/vertices/{vertex['id']}")["subtasks"]
        read = [s["metrics"]["read-records"] for s in subtasks]
        self.assertEqual(len({s["taskmanager-id"] for s in subtasks}), 2)
        self.assertGreaterEqual(min(read), 0.4 * sum(read), read)
        self.assertEqual(sum(read), sum(self.expected.values()))


if __name__ == "__main__":
    unittest.main()
