"""Entries of a Long -> Long state that a gigabyte of memory holds; the rate counts them, the memory is that of the process."""
import statistics


def measure(bench):
    entries = bench.pick(40_000_000, 10_000_000, 100_000)
    figures = [bench.kernelFigures("update_state", "fill", entries) for _ in range(bench.pick(3, 1, 1))]
    median = lambda name: statistics.median(figure[name] for figure in figures)
    return {"rate": round(median("entries_per_gib")), "least": round(median("least_entries_per_gib")),
            "bytes_per_entry": median("bytes_per_entry"), "inserts_per_s": round(median("inserts_per_s")), "entries": entries}
