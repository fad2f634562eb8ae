"""What every row needs: a place for its files, a cluster, jobs timed from submission to FINISHED, ceiling kernels, medians."""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cluster import BUILD, Cluster

PROGRAMS = BUILD / "tests" / "bench"
SECONDS_PER_RUN = 600


class BenchError(Exception):
    """A row cannot be measured; says why."""


class Bench:
    """One run of tests/bench/run: its size (full, quick or smoke) and its directory, which ends with it."""

    def __init__(self, size):
        self.size = size
        missing = [name for name in ("bin/flinkctl", "tests/bench/WordCount.so") if not (BUILD / name).exists()]
        if missing:
            raise BenchError(f"{BUILD / missing[0]} is missing; build it: cmake --build {BUILD} --target all bench-programs")

    def __enter__(self):
        self.home = Path(tempfile.mkdtemp(prefix="flink-bench-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home, ignore_errors=True)

    def pick(self, full, quick, smoke):
        """The one of three values that belongs to this run's size."""
        return {"full": full, "quick": quick, "smoke": smoke}[self.size]

    @staticmethod
    def say(text):
        print(f"# {text}", file=sys.stderr, flush=True)

    @staticmethod
    def cluster(**configuration):
        """One JobManager and two TaskManagers of one slot: two worker processes for a job of parallelism 2."""
        return Cluster(taskManagers=2, slots=1, **configuration)

    @staticmethod
    def kernel(name, *arguments):
        """What a program of kernels/ prints, split at white space."""
        run = subprocess.run([PROGRAMS / name, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_PER_RUN)
        if run.returncode != 0:
            raise BenchError(f"{name} {' '.join(map(str, arguments))} ended with {run.returncode}: {run.stderr.strip()}")
        return run.stdout.split()

    def kernelRate(self, name, *arguments):
        """Records per second of a kernel that prints records and seconds."""
        records, seconds = self.kernel(name, *arguments)
        return int(records) / float(seconds)

    def kernelFigures(self, name, *arguments):
        """The figures of the first line of a kernel that prints `label key=value...`, by their names."""
        figures = {}
        for word in self.kernel(name, *arguments)[1:]:
            key, equals, value = word.partition("=")
            if not equals:
                break
            figures[key] = float(value)
        return figures

    @staticmethod
    def interleaved(repetitions, **measurements):
        """Calls all measurements in turns, A B A B, so that a machine that changes changes all of them; lists by name."""
        values = {name: [] for name in measurements}
        for _ in range(repetitions):
            for name, measurement in measurements.items():
                values[name].append(measurement())
        return values


def checkpointed(bench):
    """Configuration of an exactly-once checkpoint each second to the disk."""
    return {"execution.checkpointing.interval": "1 s", "execution.checkpointing.dir": f"file://{bench.home}/checkpoints"}


def timedJob(cluster, library, *arguments, parallelism=2):
    """Runs a job of jobs/ until it is FINISHED: seconds from submission, and its id."""
    begin = time.monotonic()
    out = cluster.ctl("run", "-p", parallelism, PROGRAMS / f"{library}.so", *arguments, timeout=SECONDS_PER_RUN)
    seconds = time.monotonic() - begin
    return seconds, re.search(r"JobID ([0-9a-f]{32})", out).group(1)


class Throughput:
    """Runs of one job that moves `records` records into its vertex number `vertex`."""

    def __init__(self, cluster, records, vertex, library, *arguments):
        self.cluster, self.records, self.vertex = cluster, records, vertex
        self.library, self.job = library, arguments
        self.rates, self.coreSeconds, self.checkpoints = [], [], []

    def run(self):
        used = self.coreTime()
        seconds, jobId = timedJob(self.cluster, self.library, *self.job)
        checkReceived(self.cluster, jobId, self.vertex, self.records)
        self.rates.append(self.records / seconds)
        self.coreSeconds.append(self.coreTime() - used)
        self.checkpoints.append(self.cluster.get(f"/jobs/{jobId}/checkpoints"))

    def figures(self):
        """Median and range of the rates; how long a core works for one record is what another load on the machine hardly moves."""
        nanos = statistics.median(self.coreSeconds) / self.records * 1e9
        return {"rate": round(statistics.median(self.rates)), "min": round(min(self.rates)), "max": round(max(self.rates)),
                "runs": len(self.rates), "records": self.records, "core_ns_per_record": round(nanos, 1)}

    def numCheckpoints(self):
        """Completed checkpoints of a run, on the median; jobs without checkpoints have none."""
        return round(statistics.median(run["counts"]["completed"] for run in self.checkpoints))

    def largestCheckpoint(self):
        """Bytes that the largest checkpoint of all runs wrote."""
        return max(run["summary"]["checkpointed_size"]["max"] for run in self.checkpoints)

    def coreTime(self):
        """Seconds that the cluster's processes and their ended workers spent on cores."""
        ticks = 0
        for pid in self.cluster.processes():
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


def checkReceived(cluster, jobId, vertex, expected):
    """A figure counts only if every record arrived, in one worker process per TaskManager."""
    vertexId = cluster.job(jobId)["vertices"][vertex]["id"]
    subtasks = cluster.get(f"/jobs/{jobId}/vertices/{vertexId}")["subtasks"]
    received = sum(subtask["metrics"]["read-records"] for subtask in subtasks)
    places = {subtask["taskmanager-id"] for subtask in subtasks}
    if received != expected:
        raise BenchError(f"job {jobId} moved {received} records instead of {expected}")
    if len(places) != len(subtasks):
        raise BenchError(f"job {jobId} ran {len(subtasks)} subtasks on {len(places)} TaskManagers")


def ceilingFigures(rate, name, ceilings):
    """The median of a ceiling kernel and how much of it the engine reached."""
    ceiling = statistics.median(ceilings)
    return {f"ceiling_{name}": round(ceiling), f"share_of_{name}": round(rate / ceiling, 3)}
