"""How late records are, from the moment they were due, at 500,000 a second through keyBy and a counting state between two
worker processes, with an exactly-once checkpoint each second."""
import statistics

from measure import checkpointed, timedJob

RATE = 500_000
SHARES = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999, "p9999_us": 0.9999}


def measure(bench):
    seconds, warmup = bench.pick((20, 5), (3, 1), (0.3, 0))
    with bench.cluster(**checkpointed(bench), **{"execution.buffer-timeout.interval": "0 ms"}) as cluster:
        runs = [run(bench, cluster, seconds, warmup, n) for n in range(bench.pick(5, 1, 1))]
    median = {name: round(statistics.median(run[name] for run in runs)) for name in runs[0]}
    return {"rate": median.pop("rate"), **median, "runs": len(runs), "buffer_timeout_ms": 0}


def run(bench, cluster, seconds, warmup, number):
    latencies = bench.home / f"latencies-{number}"
    records = int(RATE * (seconds + warmup))
    took, _ = timedJob(cluster, "Steady", "--rate", RATE, "--records", records, "--latencies", latencies, "--warmup", warmup * 1000)
    counts = {}
    for part in bench.home.glob(f"{latencies.name}.*"):
        for line in part.read_text().splitlines():
            micros, count = map(int, line.split())
            counts[micros] = counts.get(micros, 0) + count
    return {"rate": records / took, **{name: percentile(counts, share) for name, share in SHARES.items()}, "max_us": max(counts)}


def percentile(counts, share):
    """The least value that so many of the records do not exceed."""
    wanted, seen = share * sum(counts.values()), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            return value
    raise ValueError("no records")
