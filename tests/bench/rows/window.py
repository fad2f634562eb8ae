"""Records per second into event-time windows of 10,000 keys that tumble each second, and into windows of an hour that slide
by a second, with an exactly-once checkpoint each second."""
from measure import Throughput, checkpointed

KEYS = 10_000
PER_SECOND = 1_000_000
HOUR = 3600


def measure(bench):
    records = bench.pick(200_000_000, 20_000_000, 200_000)
    with bench.cluster(**checkpointed(bench)) as cluster:
        common = ("--records", records, "--keys", KEYS, "--perSecond", PER_SECOND)
        tumbling = Throughput(cluster, records, 1, "Windows", *common, "--size", 1)
        sliding = Throughput(cluster, records, 1, "Windows", *common, "--size", HOUR, "--slide", 1)
        bench.interleaved(bench.pick(5, 1, 1), tumbling=tumbling.run, sliding=sliding.run)
    figures, slid = tumbling.figures(), sliding.figures()
    return {**figures, "keys": KEYS, "checkpoints": tumbling.numCheckpoints(), "sliding_rate": slid["rate"], "sliding_min": slid["min"],
            "sliding_max": slid["max"], "sliding_share_of_tumbling": round(slid["rate"] / figures["rate"], 3)}
