"""Times, tables, and texts of a given length."""

import itertools
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from tqdm import tqdm

WORDS = (
    "the council met last night to talk about trains and nobody in our town was asked before it was decided to close the "
    "old station where my father worked for thirty years so I wonder who will pay for the new road and why the mayor smiles"
).split()


def text(characters: int, seed: int) -> str:
    """A comment of about that length; another for each seed, so that no reading of one is kept for the next."""
    start = seed % len(WORDS)
    words = itertools.islice(itertools.cycle([f"item{seed}", *WORDS[start:], *WORDS[:start]]), characters)
    return " ".join(words)[:characters].strip()


def times(call: Callable[[int], object], count: int, label: str) -> np.ndarray:
    """Seconds of each of `count` calls, shape (count,), after ten that are not counted."""
    for number in range(10):
        call(-number - 1)
    seconds = np.empty(count)
    for number in tqdm(range(count), desc=label, leave=False):
        started = time.perf_counter()
        call(number)
        seconds[number] = time.perf_counter() - started
    return seconds


def milliseconds(seconds: np.ndarray, percentile: float) -> str:
    return f"{np.percentile(seconds, percentile) * 1000:.1f} ms"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a Markdown table, as it stands in the README."""
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
