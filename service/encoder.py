"""The sentence encoder: a small transformer of our own, which reads texts in windows. Its file is made by `python -m training encoder`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from service.alignment import Span
from service.normalise import normalise

Floats = npt.NDArray[np.float64]

WIDTH = 384  # of a vector
FILE, TOKENIZER = "encoder.onnx", "tokenizer.json"
TASKS, COST = "tasks", "cost"  # in the file's own description: the tasks' names, and for each its ROC-AUC in float32 and in 8 bits
WINDOW, STEP = 112, 80  # tokens, two of them the window's own begin and end
PASSAGE, PASSAGE_STEP, HEADING = 64, 48, 24  # tokens of an article's text, and of the title that each of its passages begins with
LONGEST_ARTICLE = 20_000  # characters; what a comment is about is said by then
CACHED = 64  # readings, as several scorers ask for the same comment; more would hold readers' texts for long
CACHED_ARTICLES = 512


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text reads like. A row a window: `vectors` (windows, 384), the tasks' log-odds `logits` (windows, tasks), and `windows`, each
    one's begin and end in the text. `marks`: for each token its begin and end there, and the log-odds that it makes the text toxic."""

    vectors: Floats
    logits: Floats
    windows: tuple[Span, ...]
    marks: tuple[tuple[int, int, float], ...]


class Encoder:
    """Reads texts. It never changes, so any number of threads may ask it at once; a text reads the same alone and among others."""

    def __init__(self, folder: Path) -> None:
        """Takes the files of a models folder and predicts nothing. Raises OSError, and what tokenizers raises."""
        self._network = (folder / FILE).read_bytes()
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.read = lru_cache(maxsize=CACHED)(self._read)
        self.passages = lru_cache(maxsize=CACHED_ARTICLES)(self._passages)

    @cached_property
    def _session(self) -> Any:
        """Opened at the first reading, and so in the process that reads: the library, from its import on, does not live through a fork."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        slower = ["SkipLayerNormFusion"]  # than the two operations that it joins
        return onnxruntime.InferenceSession(self._network, options, providers=["CPUExecutionProvider"], disabled_optimizers=slower)

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(json.loads(self._session.get_modelmeta().custom_metadata_map[TASKS]))

    @property
    def cost(self) -> dict[str, list[float]]:
        """For each task its ROC-AUC in float32 and in 8 bits, on comments that it never saw."""
        found: dict[str, list[float]] = json.loads(self._session.get_modelmeta().custom_metadata_map[COST])
        return found

    def remember(self, readings: int) -> None:
        """Keeps so many readings from now on, for training, which asks for the same comments over and over."""
        self.read = lru_cache(maxsize=readings)(self._read)

    def _read(self, plain: str) -> Reading:
        read: Any = self._tokenizer.encode(plain)
        begin, *ids, end = read.ids
        spans = read.offsets[1:-1]
        vectors, logits, windows = [], [], []
        marks: dict[int, float] = {}
        for start in starts(len(ids), WINDOW - 2, STEP):
            vector, logit, marked = self._ask([begin, *ids[start : start + WINDOW - 2], end])
            vectors.append(vector)
            logits.append(logit)
            windows.append((spans[start][0], spans[min(start + WINDOW - 2, len(spans)) - 1][1]) if spans else (0, 0))
            for at, odds in enumerate(marked[1:-1], start):
                marks[at] = max(float(odds), marks.get(at, float(odds)))
        return Reading(np.array(vectors), np.array(logits), tuple(windows), tuple((*spans[at], odds) for at, odds in sorted(marks.items())))

    def _passages(self, title: str, text: str) -> Floats:
        """An article's vectors, of unit length, (1 + passages, 384): its title's, then each passage's, read behind the title."""
        heading, (begin, *ids, end) = self._ids(title)[1:-1], self._ids(text[:LONGEST_ARTICLE])
        rows = [self._ask([begin, *heading[: WINDOW - 2], end])[0]]
        for start in starts(len(ids), PASSAGE, PASSAGE_STEP):
            rows.append(self._ask([begin, *heading[:HEADING], *ids[start : start + PASSAGE], end])[0])
        return unit(np.array(rows))

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer.encode(normalise(text)).ids
        return found

    def _ask(self, ids: Sequence[int]) -> tuple[Floats, Floats, Floats]:
        vector, logits, marks = self._session.run(None, {"ids": np.array([ids], dtype=np.int64)})
        return tuple(each[0].astype(np.float64) for each in (vector, logits, marks))


def starts(length: int, window: int, step: int) -> Iterator[int]:
    """Where windows begin, so that the last one reaches the end."""
    yield from range(0, max(1, length - window + step), step)


def vector(reading: Reading) -> Floats:
    """A reading as one row: the tasks' highest and mean log-odds over the windows, then the mean vector."""
    row: Floats = np.r_[reading.logits.max(axis=0), reading.logits.mean(axis=0), reading.vectors.mean(axis=0)]
    return row


def window_vector(reading: Reading, at: int) -> Floats:
    """The row of one window, as if it were a text of its own."""
    row: Floats = np.r_[reading.logits[at], reading.logits[at], reading.vectors[at]]
    return row


def unit(rows: Floats) -> Floats:
    """The rows, each of length 1, or zeros."""
    lengths = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
