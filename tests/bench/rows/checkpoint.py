"""What checkpoints cost: a million updates a second of uniformly chosen keys on a state whose base snapshot is a gigabyte, without
checkpoints and with one each second."""
import statistics

from measure import Throughput, checkpointed

RATE = 1_000_000


def measure(bench):
    keys, seconds = bench.pick((36_000_000, 60), (2_000_000, 4), (10_000, 1))
    records = RATE * seconds
    arguments = ("--rate", RATE, "--records", records, "--keys", keys, "--fill", keys)
    memory = {"taskmanager.memory.process.size": "4g"}
    with bench.cluster(**memory) as plainCluster, bench.cluster(**memory, **checkpointed(bench)) as cluster:
        without = Throughput(plainCluster, records + keys, 1, "Steady", *arguments)
        job = Throughput(cluster, records + keys, 1, "Steady", *arguments)
        bench.interleaved(bench.pick(3, 1, 1), without=without.run, job=job.run)
    figures, plain = job.figures(), without.figures()
    later = statistics.median((records + keys) / rate for rate in job.rates) - statistics.median((records + keys) / rate for rate in without.rates)
    return {**figures, "rate_without": plain["rate"], "loss": round(later / seconds, 4),
            "core_ns_per_record_without": plain["core_ns_per_record"], "keys": keys, "checkpoints": job.numCheckpoints(),
            "base_bytes": job.largestCheckpoint()}

