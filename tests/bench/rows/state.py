"""Records per second that each add one to a ValueState of a million keys, with an exactly-once checkpoint each second."""
from measure import Throughput, ceilingFigures, checkpointed

KEYS = 1_000_000


def measure(bench):
    records = bench.pick(300_000_000, 40_000_000, 200_000)
    updates = bench.pick(100_000_000, 20_000_000, 200_000)
    with bench.cluster(**checkpointed(bench)) as cluster:
        job = Throughput(cluster, records, 1, "State", "--records", records, "--keys", KEYS)
        ceilings = bench.interleaved(bench.pick(5, 1, 1), engine=job.run,
                                     table=lambda: 2 * bench.kernelFigures("update_state", "update", KEYS, updates)["updates_per_s"])
    figures = job.figures()
    return {**figures, "keys": KEYS, "checkpoints": job.numCheckpoints(), **ceilingFigures(figures["rate"], "table", ceilings["table"])}
