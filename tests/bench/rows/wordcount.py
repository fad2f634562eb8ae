"""Words per second of a running count per word: a text file in, every update out, between two worker processes."""
import os

from measure import Throughput, ceilingFigures

SEED = 42


def measure(bench):
    text = bench.home / "text"
    numBytes = bench.pick(1_100_000_000, 100_000_000, 2_000_000)
    words = int(bench.kernel("generate_text", text, numBytes, SEED)[0])
    os.sync()  # else the file's way to the disk would be part of the first measurement

    with bench.cluster() as cluster:
        job = Throughput(cluster, words, 1, "WordCount", "--input", text)
        ceilings = bench.interleaved(bench.pick(5, 3, 1), engine=job.run, map=lambda: bench.kernelRate("count_words", text, "map"),
                                     flat=lambda: bench.kernelRate("count_words", text, "flat"))
    text.unlink()
    figures = job.figures()
    return {**figures, "bytes": numBytes, **ceilingFigures(figures["rate"], "map", ceilings["map"]),
            **ceilingFigures(figures["rate"], "flat", ceilings["flat"])}
