"""How long new output stays away after `kill -9` of a worker: 100,000 records a second on 100 MB of state, an exactly-once
checkpoint each second, restarts after 1 ms. What the restored job repeats is not new: only a record that was not put out before
the kill counts."""
import os
import signal
import statistics
import time

from cluster import waitFor
from measure import PROGRAMS, checkpointed

RATE = 100_000
STATE_BYTES = 1000


def measure(bench):
    kills, keys = bench.pick((7, 100_000), (2, 100_000), (1, 1000))
    ticks = bench.home / "ticks"
    restarts = {"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": 1000,
                "restart-strategy.fixed-delay.delay": "1 ms"}
    with bench.cluster(**checkpointed(bench), **restarts) as cluster:
        job = cluster.start(PROGRAMS / "Steady.so", "--rate", RATE, "--records", 10**12, "--keys", keys, "--fill", keys,
                            "--state", STATE_BYTES, "--ticks", ticks, parallelism=2)
        gaps = [gapAfterKill(cluster, job, ticks, number) for number in range(kills)]
        stateBytes = cluster.get(f"/jobs/{job}/checkpoints")["latest"]["completed"]["state_size"]
        cluster.ctl("cancel", job)
    return {"rate": round(1000 / statistics.median(gaps), 2), "gap_ms": round(statistics.median(gaps)), "gap_ms_max": round(max(gaps)),
            "kills": kills, "state_bytes": stateBytes, "restart_delay_ms": 1}


def gapAfterKill(cluster, job, ticks, number):
    """Milliseconds from the kill to the first new output."""
    completed = lambda: cluster.get(f"/jobs/{job}/checkpoints")["counts"]["completed"]
    before = completed()
    waitFor("two more checkpoints", lambda: completed() >= before + 2)
    victim = waitFor("two workers", lambda: (lambda pids: pids if len(pids) == 2 else None)(cluster.workers(job)))[number % 2]
    killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    os.kill(victim, signal.SIGKILL)
    first = waitFor("new output", lambda: firstNew(ticks, killed))
    return (first - killed) / 1e6


def firstNew(ticks, killed):
    """When each subtask had put out a record that comes after all that it put out before the kill; None: not yet. The subtask in
    the other worker goes on until the job restarts, so the one that takes longest counts."""
    times = []
    for part in ticks.parent.glob(f"{ticks.name}.*"):
        entries = [tuple(map(int, line.split())) for line in part.read_text().splitlines(keepends=True) if line.endswith("\n")]
        latest = max((number for at, number in entries if at <= killed), default=0)
        times.append(min((at for at, number in entries if at > killed and number > latest), default=None))
    return max(times) if times and None not in times else None
