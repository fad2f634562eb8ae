"""Records of 92 bytes per second through a keyBy between two worker processes: half of them stay, half of them cross."""
from measure import Throughput, ceilingFigures

KEYS = 1_000_000
KEY_BYTES = 8
PAYLOAD_BYTES = 84


def measure(bench):
    records = bench.pick(150_000_000, 20_000_000, 200_000)
    with bench.cluster() as cluster:
        job = Throughput(cluster, records, 1, "Shuffle", "--records", records, "--keys", KEYS, "--payload", PAYLOAD_BYTES)
        ceilings = bench.interleaved(bench.pick(5, 3, 1), engine=job.run,
                                     tcp=lambda: bench.kernelRate("move_records", records))
    figures = job.figures()
    return {**figures, "record_bytes": KEY_BYTES + PAYLOAD_BYTES, **ceilingFigures(figures["rate"], "tcp", ceilings["tcp"])}
