"""Fine-tuning the encoder; where the extra `encoder` is installed."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `encoder` is not installed", exc_type=ImportError)

import numpy as np  # noqa: E402

from training.dataset import DataError  # noqa: E402
from training.encoder import finetune as loop  # noqa: E402
from training.encoder.network import pretrained, tokenizer  # noqa: E402
from training.encoder.tasks import Example, Topic  # noqa: E402


@pytest.fixture
def lessons(monkeypatch):
    monkeypatch.setattr(loop, "KEEP_EVERY", 2)
    monkeypatch.setattr(loop, "TOKENS", 64)
    reader = tokenizer()

    def ids(text):
        return np.array(reader.encode(text).ids, dtype=np.int32)

    labelled = [Example(ids(f"you are number {n}"), {"own/toxicity": n % 2}) for n in range(24)]
    marked = [Example(ids("a fool"), {}, 1.0, np.array([0, 0, 1, 0], dtype=np.float32))]
    topics = [Topic("own", ids(f"article {n}"), [ids(f"a comment on {n} {m}") for m in range(40)]) for n in range(6)]
    return labelled + marked, topics, ["own/toxicity"]


def weights(encoder):
    return torch.cat([each.flatten() for each in encoder.parameters()])


def test_an_interrupted_training_ends_as_one_that_was_not(lessons, tmp_path, monkeypatch):
    straight = weights(loop.finetune(*lessons, 1, tmp_path / "straight"))

    keep, kept = loop._keep, []

    def interrupted(*told):
        keep(*told)
        kept.append(told)
        if len(kept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_keep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        loop.finetune(*lessons, 1, tmp_path / "broken")

    assert torch.equal(weights(loop.finetune(*lessons, 1, tmp_path / "broken")), straight)


def test_a_checkpoint_of_another_run_is_refused(lessons, tmp_path):
    loop.finetune(*lessons, 1, tmp_path)

    with pytest.raises(DataError, match="remove it to begin anew"):
        loop.finetune(*lessons, 2, tmp_path)


def test_a_missing_label_teaches_nothing():
    encoder = pretrained(2).eval()
    examples = [Example(np.array([101, 2023, 102], dtype=np.int32), {"one": 1.0})]

    _, loss = loop._loss(encoder, loop.Batch(examples=(0,)), examples, [], {"one": 0, "two": 1})
    loss.backward()

    assert encoder.tasks.bias.grad[0] != 0
    assert encoder.tasks.bias.grad[1] == 0
