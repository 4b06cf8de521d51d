"""One comment's latency beside that of a classifier of BERT-base's size, in the same run. Needs the extra `encoder`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measure import milliseconds, table, text, times
from benchmarks.scoring import ARTICLE
from service import scoring
from service.domain import ScoreInput

CHARACTERS, COMMENTS = 300, 200
WIDTH, HEADS, LAYERS, INNER, VOCABULARY = 768, 12, 12, 3072, 30522


def main(data: Path) -> None:
    try:
        reads = _bert()
    except ImportError as error:
        print(f"\nNo comparison with BERT-base: {error.name} is not installed; `pip install -e '.[encoder]'` brings it.")
        return
    model = scoring.load(Path("models"))
    said = {
        "ours: all attributes and topicality": lambda i: model.score([ScoreInput(text=text(CHARACTERS, i), article=ARTICLE)]),
        "a classifier of BERT-base's size (random weights, PyTorch)": reads,
    }
    seconds = {name: times(call, COMMENTS, name) for name, call in said.items()}
    ours, theirs = (float(np.median(each)) for each in seconds.values())
    rows = [[name, milliseconds(each, 50), milliseconds(each, 99)] for name, each in seconds.items()]
    table(f"One comment of {CHARACTERS} characters, one core", ["", "p50", "p99"], rows)
    print(f"\nIts median is {theirs / ours:.1f} times ours.")


def _bert() -> Callable[[int], object]:
    """Tokens, twelve layers, and the log-odds of seven labels; what a text costs does not depend on the weights."""
    import torch
    from torch import nn

    from training.encoder.network import tokenizer

    torch.set_num_threads(1)
    reader = tokenizer()
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, activation="gelu", batch_first=True)
    words, labels = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, 7)
    layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False).eval()

    def read(number: int) -> object:
        with torch.inference_mode():
            ids = torch.tensor([reader.encode(text(CHARACTERS, number)).ids])
            return labels(layers(words(ids))[:, 0])

    return read
