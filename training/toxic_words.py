"""How well the words that a model names as the reason are those that people marked."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tqdm import tqdm

from service.domain import ScoreInput
from service.scoring import Model
from training.dataset import encoder_never_saw, read_tests, text_key
from training.figures import rounded


def character_f1(found: Collection[int], marked: Collection[int]) -> float:
    """F1 of two sets of character offsets, as SemEval-2021 task 5 has it: where nothing is marked, 1 for finding nothing and else 0."""
    if not marked:
        return float(not found)
    return 2 * len(set(found) & set(marked)) / (len(set(found)) + len(set(marked)))


def toxic_words(model: Model, folder: Path) -> dict[str, Any]:
    """Mean character F1 on the comments of `toxic-spans` that an encoder is kept from; empty where no model can name words."""
    rows = [row for row in read_tests(folder, "toxic-spans") if encoder_never_saw(text_key(row["text"]))]
    pairs = [
        (_offsets(model.explain(ScoreInput(text=row["text"]))), row["spans"])
        for row in tqdm(rows, desc="toxic-spans", unit="comment", mininterval=1)
    ]
    if not any(found for found, _ in pairs):
        return {}
    f1 = sum(character_f1(found, marked) for found, marked in pairs) / len(pairs)
    return {"rows": len(pairs), "character_f1": rounded(f1)}


def _offsets(spans: Collection[tuple[int, int]]) -> set[int]:
    return {at for begin, end in spans for at in range(begin, end)}
