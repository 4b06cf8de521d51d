"""Fine-tuning the encoder; where the extra `encoder` is installed."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="the extra `encoder` is not installed", exc_type=ImportError)

import numpy as np  # noqa: E402
import tiny_corpora  # noqa: E402
from onnxruntime import InferenceSession  # noqa: E402

from service.encoder import Encoder  # noqa: E402
from training.__main__ import main  # noqa: E402
from training.dataset import DataError  # noqa: E402
from training.encoder import finetune as loop  # noqa: E402
from training.encoder import network, run  # noqa: E402
from training.encoder.export import evened, export  # noqa: E402
from training.encoder.matching import alike, spread  # noqa: E402
from training.encoder.network import Matcher, averaged, pretrained, tokenizer  # noqa: E402
from training.encoder.tasks import Example, Topic  # noqa: E402
from training.perspective import PERSPECTIVE_TASK  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """On the processor, wherever there is a GPU; and on one thread, as other tests run beside these and more would wait for each other."""
    monkeypatch.setattr(loop, "DEVICE", torch.device("cpu"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def lessons(monkeypatch):
    """For an encoder of one layer: what is held of checkpoints and batches is so for any number."""
    monkeypatch.setattr(network, "LAYERS", 1)
    monkeypatch.setattr(loop, "TOKENS", 64)
    reader = tokenizer()

    def ids(text):
        return np.array(reader.encode(text).ids, dtype=np.int32)

    labelled = [Example(ids(f"you are number {n}"), {"own/toxicity": n % 2}) for n in range(24)]
    marked = [Example(ids("a fool"), {}, 1.0, np.array([0, 0, 1, 0], dtype=np.float32))]
    topics = [Topic("own", ids(f"article {n}"), [ids(f"a comment on {n} {m}") for m in range(40)]) for n in range(6)]
    return labelled + marked, topics, ["own/toxicity"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_the_command_writes_an_encoder_that_reads_and_says_what_8_bits_cost(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "FEWEST", 3)
    data, out, work = (str(tmp_path / name) for name in ("data", "models", "work"))
    tiny_corpora.write(tmp_path / "data")

    assert main(["encoder", "--data", data, "--out", out, "--work", work, "--runs", "2", "--epochs", "0.02"]) == 0

    told, encoder = capsys.readouterr().out, Encoder.of(tmp_path / "models")
    assert f"Next: python -m training --out {out}" in told
    assert "jigsaw/toxicity" in encoder.tasks
    assert encoder.runs == 2
    whole, small = encoder.cost["jigsaw/toxicity"]
    assert f"| jigsaw/toxicity | {whole:.4f} | {small:.4f} |" in told
    assert len(encoder.read("you stupid dog").tokens) == 3


def test_an_interruption_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(*told):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "finetune", interrupted)
    data = str(tiny_corpora.write(tmp_path / "data"))

    assert main(["encoder", "--data", data, "--out", str(tmp_path / "models"), "--work", str(tmp_path / "work")]) == 130
    assert f"The same command goes on from what is kept in {tmp_path / 'work'}" in capsys.readouterr().err


def weights(encoder):
    return torch.cat([each.flatten() for each in encoder.parameters()])


def test_an_interrupted_training_ends_as_one_that_was_not(lessons, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "KEEP_EVERY", 2)
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


def test_a_finished_training_is_kept_whole(lessons, tmp_path, monkeypatch):
    trained = weights(loop.finetune(*lessons, 1, tmp_path))
    monkeypatch.setattr(loop, "_loss", None)

    assert torch.equal(weights(loop.finetune(*lessons, 1, tmp_path)), trained)


def test_two_runs_learn_in_orders_of_their_own(lessons, tmp_path):
    first, second = (weights(loop.finetune(*lessons, 1, tmp_path / str(number), number)) for number in (0, 1))

    assert not torch.equal(first, second)


def test_two_runs_begin_with_the_same_weights(lessons, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_loss", lambda encoder, *told, **named: ("nothing", 0 * encoder.tasks.bias.sum()))
    monkeypatch.setattr(loop, "_optimiser", lambda encoder: torch.optim.SGD(encoder.parameters(), lr=0.1))

    first, second = (weights(loop.finetune(*lessons, 1, tmp_path / str(number), number)) for number in (0, 1))

    assert torch.equal(first, second)


def test_runs_that_train_side_by_side_end_as_those_that_follow_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    examples = [Example(np.array([101, 2000 + n, 102], dtype=np.int32), {"own/toxicity": n % 2}) for n in range(200)]
    told = (examples, [], ["own/toxicity"], 1)
    apart = [weights(loop.finetune(*told, tmp_path / f"apart-{number}", number)) for number in (0, 1)]

    run.train_at_once(2, [(*told, tmp_path / f"beside-{number}", number) for number in (0, 1)])
    monkeypatch.setattr(loop, "_loss", None)  # nothing is left to be learnt

    beside = [weights(loop.finetune(*told, tmp_path / f"beside-{number}", number)) for number in (0, 1)]
    assert [torch.equal(*pair) for pair in zip(beside, apart, strict=True)] == [True, True]


def test_runs_are_averaged_weight_by_weight():
    ones = [pretrained(2) for _ in range(3)]
    expected = torch.stack([weights(each) for each in ones]).mean(dim=0)

    assert torch.allclose(weights(averaged(ones)), expected)


def test_a_matcher_begins_alike_whichever_way_round_a_direction_is_found(monkeypatch):
    states, found = torch.randn(200, 384), [Matcher(), Matcher()]
    svd = torch.linalg.svd
    spread(found[0], states)
    monkeypatch.setattr(torch.linalg, "svd", lambda *told, **named: SimpleNamespace(Vh=-svd(*told, **named).Vh))
    spread(found[1], states)

    assert torch.allclose(found[0].turn.weight, found[1].turn.weight)


def test_a_checkpoint_of_another_run_is_refused(lessons, tmp_path):
    loop.finetune(*lessons, 1, tmp_path)

    with pytest.raises(DataError, match="remove it to begin anew"):
        loop.finetune(*lessons, 2, tmp_path)


@pytest.mark.parametrize("part", [0.0, 0.5])
def test_a_checkpoint_that_is_cut_off_is_refused_with_what_to_do(lessons, tmp_path, part):
    loop.finetune(*lessons, 1, tmp_path)
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[: int(checkpoint.stat().st_size * part)])

    with pytest.raises(DataError, match=r"is damaged .* remove it to begin this run anew"):
        loop.finetune(*lessons, 1, tmp_path)


def test_a_checkpoint_of_other_labels_is_refused(lessons, tmp_path):
    labelled, topics, tasks = lessons
    loop.finetune(labelled, topics, tasks, 1, tmp_path)
    others = [Example(labelled[0].ids, {"own/toxicity": 1.0}), *labelled[1:]]

    with pytest.raises(DataError, match="remove it to begin anew"):
        loop.finetune(others, topics, tasks, 1, tmp_path)


def test_a_missing_label_teaches_nothing():
    encoder = pretrained(2).eval()
    examples = [Example(np.array([101, 2023, 102], dtype=np.int32), {"one": 1.0})]

    loop._labelled_loss(encoder, examples, {"one": 0, "two": 1}, None).backward()

    assert encoder.tasks.bias.grad[0] != 0
    assert encoder.tasks.bias.grad[1] == 0


def test_a_score_of_perspectives_is_learnt_as_its_log_odds():
    encoder = pretrained(1).eval()
    ids = np.array([101, 2023, 102], dtype=np.int32)
    said = torch.sigmoid(loop._read(encoder, loop.padded([ids]))[1]).item()

    def loss(score):
        return loop._labelled_loss(encoder, [Example(ids, {PERSPECTIVE_TASK: score})], {PERSPECTIVE_TASK: 0}, None).item()

    assert loss(said) == pytest.approx(0, abs=1e-6)
    assert loss(0.01) > loss(0.1) > loss(said)


def test_a_vector_that_turns_away_from_the_published_one_costs():
    encoder, published = pretrained(1).eval(), pretrained(1).eval()
    ids = loop.padded([np.array([101, 2023, 102], dtype=np.int32)])
    assert loop._turned(loop._read(encoder, ids)[0], ids, published).item() == pytest.approx(0, abs=1e-5)

    with torch.no_grad():
        encoder.meaning.weight.neg_()

    assert loop._turned(loop._read(encoder, ids)[0], ids, published).item() == pytest.approx(2 * loop.KEPT, abs=1e-5)


def test_an_epoch_takes_an_example_as_often_as_its_share_says(lessons):
    labelled, topics, _ = lessons
    thrice = [Example(labelled[0].ids, labelled[0].targets, 3.0)]

    made = loop.batches(thrice + labelled[1:], topics, 0)

    assert sum(batch.examples.count(0) for batch in made) == 3
    assert sum(batch.examples.count(1) for batch in made) == 1


def test_a_batch_holds_no_more_tokens_than_it_may(lessons, monkeypatch):
    lengths = [4, 30, 5, 29, 6, 28, 30, 4] * 3
    found = [Example(np.arange(length, dtype=np.int32), {}) for length in lengths]

    packed = [[lengths[at] for at in batch.examples] for batch in loop._packed(range(len(found)), found)]

    assert sum(map(len, packed)) == len(lengths)
    assert all(max(rows) * len(rows) <= loop.TOKENS for rows in packed)


@pytest.mark.parametrize("name", ["SEED", "RUNS_APART", "WARM_UP", "SPREAD_BY", "SUREST"])
def test_a_checkpoint_goes_on_with_no_other_numbers(lessons, monkeypatch, name):
    labelled, topics, _ = lessons
    before = loop._fingerprint(labelled, topics)

    monkeypatch.setattr(loop, name, 7)

    assert loop._fingerprint(labelled, topics) != before


def test_marked_words_alone_are_no_comment_of_a_source_to_measure():
    labelled = [Example(text(at), {"jigsaw/toxicity": 1.0}) for at in range(5)]
    marked = [Example(text(at), {}, 1.0, np.zeros(3, dtype=np.float32)) for at in range(5)]

    assert all(row.targets for row in run._of_each_source(labelled + marked))


def test_what_is_brought_to_like_heights_before_8_bits_answers_as_before():
    encoder = pretrained(1).eval()
    texts = [np.array(tokenizer().encode(text).ids, dtype=np.int32) for text in ("the council votes on trams", "a fool")]
    with torch.no_grad():
        encoder.layers[0].outer.weight[:, 7] *= 1e-3
        encoder.layers[0].inner.weight[7] *= 1e3

    even = evened(encoder, texts)

    for ids in texts:
        for ours, theirs in zip(even(loop.padded([ids])), encoder(loop.padded([ids])), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-3)


def test_a_comments_own_article_is_the_likest_by_the_tokens_that_match(tmp_path):
    subjects, chatter = range(2000, 2012), range(3000, 3200)
    topics = [Topic("own", text(at), [text(chatter[(at + n) % 200], at, chatter[n]) for n in range(40)]) for at in subjects]

    encoder = loop.finetune([], topics, ["own/toxicity"], 12, tmp_path)

    comments, articles = (read(encoder, rows) for rows in ([topic.comments[0] for topic in topics], [topic.ids for topic in topics]))
    assert alike(encoder.matcher, comments, articles).argmax(dim=1).tolist() == list(range(12))
    weights = encoder.matcher(comments[1])[1]
    assert weights[:, 2].mean() > weights[:, 1].mean()  # the subject counts for more than what is said under any article


def text(*ids):
    return np.array([101, *ids, 102], dtype=np.int32)


def read(encoder, rows):
    ids = loop.padded(rows)
    return ids, loop._states(encoder, ids)


def test_without_articles_there_is_nothing_to_match_and_no_harm_done(lessons, tmp_path):
    labelled, _, tasks = lessons

    tokens, weights = loop.finetune(labelled, [], tasks, 1, tmp_path).matcher(torch.randn(1, 3, 384))

    assert torch.allclose(tokens.norm(dim=-1), torch.ones(1, 3))
    assert (weights > 0).all()


def test_padding_and_a_texts_begin_and_end_match_nothing():
    matcher, states = Matcher(), torch.nn.Embedding(4000, 384)
    comment, article, long = text(2000, 2001), text(2002), text(*range(2100, 2120))

    def likeness(comments, articles):
        return alike(matcher, *((ids, states(ids)) for ids in map(loop.padded, (comments, articles))))

    assert torch.allclose(likeness([comment], [article])[0, 0], likeness([comment, long], [article, long])[0, 0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_eight_bits_keep_the_direction_of_a_vector(tmp_path):
    encoder = pretrained(1).eval()
    ids = np.array(tokenizer().encode("The council votes on closing the old tram depot.").ids, dtype=np.int32)

    export(encoder, [ids], tmp_path / "whole.onnx", tmp_path / "small.onnx")

    whole, small = (vector(tmp_path / name, ids) for name in ("whole.onnx", "small.onnx"))
    assert whole @ small / np.linalg.norm(whole) / np.linalg.norm(small) > 0.95
    assert (tmp_path / "small.onnx").stat().st_size < (tmp_path / "whole.onnx").stat().st_size / 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_the_same_encoder_gives_the_same_8_bits(tmp_path):
    ids = np.array(tokenizer().encode("The council votes on closing the old tram depot.").ids, dtype=np.int32)
    torch.manual_seed(0)
    encoder = pretrained(1)

    for name in ("once", "again"):
        export(encoder, [ids], tmp_path / f"{name}-whole.onnx", tmp_path / f"{name}.onnx")

    assert (tmp_path / "once.onnx").read_bytes() == (tmp_path / "again.onnx").read_bytes()


def vector(path, ids):
    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["vector"], {"ids": ids[None].astype(np.int64)})[0][0]
