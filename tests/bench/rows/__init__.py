"""The rows by their names, in the order they run. A row is a function of a Bench that returns its figures, `rate` first."""
from rows import checkpoint, idle, latency, memory, recovery, shuffle, state, window, wordcount

ROWS = {
    "wordcount": wordcount.measure,
    "shuffle": shuffle.measure,
    "state": state.measure,
    "window": window.measure,
    "checkpoint": checkpoint.measure,
    "recovery": recovery.measure,
    "latency": latency.measure,
    "memory": memory.measure,
    "idle": idle.measure,
}
