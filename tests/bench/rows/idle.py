"""What a cluster costs that does nothing, how fast it starts and how fast the smallest job is through it."""
import statistics
import time
from pathlib import Path

from measure import timedJob


def measure(bench):
    numStarts, numJobs, idleSeconds = bench.pick((5, 10, 30), (3, 10, 10), (1, 2, 1))
    starts = [coldStartMs(bench) for _ in range(numStarts)]
    with bench.cluster() as cluster:
        processes = cluster.processes()
        share = cpuShare(processes, idleSeconds)
        pssBytes = sum(map(pssOf, processes))
        timings = bench.interleaved(numJobs, run=lambda: timedJob(cluster, "TenRecords", parallelism=1)[0] * 1000,
                                    client=lambda: clientMs(cluster))
        pssAfterJobs = sum(map(pssOf, processes))
    run = statistics.median(timings["run"])
    return {"rate": round(1000 / run, 2), "run_ms": round(run, 1), "run_ms_max": round(max(timings["run"]), 1),
            "ceiling_client_ms": round(statistics.median(timings["client"]), 1),
            "cold_start_ms": round(statistics.median(starts)), "cold_start_ms_max": round(max(starts)),
            "pss_bytes": pssBytes, "pss_bytes_after_jobs": pssAfterJobs, "processes": len(processes),
            "cpu_share": round(share, 5)}


def coldStartMs(bench):
    """`flinkctl cluster start` returns when REST answers and all TaskManagers are registered."""
    with bench.cluster() as cluster:
        return cluster.startSeconds * 1000


def clientMs(cluster):
    """The floor of every command: flinkctl that asks nobody anything."""
    begin = time.monotonic()
    cluster.ctl("version")
    return (time.monotonic() - begin) * 1000


def pssOf(pid):
    """Memory of a process, in bytes; what it shares with others counts in proportion."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"/proc/{pid}/smaps_rollup has no Pss")


def cpuShare(pids, seconds):
    """The share of one core that the processes use together."""
    begin, used = time.monotonic(), sum(map(cpuNanos, pids))
    time.sleep(seconds)
    return (sum(map(cpuNanos, pids)) - used) / (time.monotonic() - begin) / 1e9


def cpuNanos(pid):
    """Time on a core of all threads: schedstat counts nanoseconds, stat only ticks."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
