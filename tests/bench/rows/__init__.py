"""The rows by their names, in the order they run. A row is a function of a Bench that returns its figures, `rate` first."""
from rows import idle, shuffle, wordcount

ROWS = {
    "wordcount": wordcount.measure,
    "shuffle": shuffle.measure,
    "idle": idle.measure,
}
