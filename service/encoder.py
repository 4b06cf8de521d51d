"""The sentence encoder: a small transformer of our own, which reads texts in windows. Its file is made by `python -m training encoder`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

Floats = npt.NDArray[np.float64]

FILE, TOKENIZER = "encoder.onnx", "tokenizer.json"
WINDOW, STEP = 112, 80  # tokens, two of them the window's own begin and end
CACHED = 64  # readings, as several scorers ask for the same comment; more would hold readers' texts for long


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text reads like. A row a window: `vectors` (windows, 384) and the tasks' log-odds `logits` (windows, tasks). `marks`: for each
    token its begin and end in the text, and the log-odds that it is among what makes the text toxic."""

    vectors: Floats
    logits: Floats
    marks: tuple[tuple[int, int, float], ...]


class Encoder:
    """Reads normalised texts. It never changes, so any number of threads may ask it at once; a text reads the same alone and among others."""

    def __init__(self, folder: Path) -> None:
        """Opens the files of a models folder and predicts nothing. Raises what onnxruntime and tokenizers raise."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a thread pool would not live through a fork
        self._session = onnxruntime.InferenceSession(str(folder / FILE), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.read = lru_cache(maxsize=CACHED)(self._read)

    def _read(self, plain: str) -> Reading:
        read: Any = self._tokenizer.encode(plain)
        begin, *ids, end = read.ids
        spans = read.offsets[1:-1]
        vectors, logits, marks = [], [], {}
        for start in starts(len(ids), WINDOW - 2, STEP):
            vector, logit, marked = self._ask([begin, *ids[start : start + WINDOW - 2], end])
            vectors.append(vector)
            logits.append(logit)
            for at, odds in enumerate(marked[1:-1], start):
                marks[at] = max(float(odds), marks.get(at, float(odds)))
        return Reading(np.array(vectors), np.array(logits), tuple((*spans[at], odds) for at, odds in sorted(marks.items())))

    def passages(self, title: str, text: str, most: int) -> Floats:
        """Vectors of an article's windows, each behind its title, (windows, 384); of the first `most`."""
        heading = self._tokenizer.encode(title).ids[1:-1][:24]
        begin, *ids, end = self._tokenizer.encode(text).ids
        found = [self._ask([begin, *heading, *ids[start : start + 64], end])[0] for start in list(starts(len(ids), 64, 48))[:most]]
        return np.array(found)

    def _ask(self, ids: Sequence[int]) -> tuple[Floats, Floats, Floats]:
        vector, logits, marks = self._session.run(None, {"ids": np.array([ids], dtype=np.int64)})
        return tuple(each[0].astype(np.float64) for each in (vector, logits, marks))  # type: ignore[return-value]


def starts(length: int, window: int, step: int) -> Iterator[int]:
    """Where windows begin, so that the last one reaches the end."""
    yield from range(0, max(1, length - window + step), step)


def vector(reading: Reading) -> Floats:
    """A reading as one row: the tasks' highest and mean log-odds over the windows, then the mean vector."""
    row: Floats = np.r_[reading.logits.max(axis=0), reading.logits.mean(axis=0), reading.vectors.mean(axis=0)]
    return row


__all__ = ["FILE", "TOKENIZER", "Encoder", "Reading", "vector"]
