"""Loading and asking models: what is not exactly what was published is refused, with a sentence that says what to do."""

import hashlib
import json
import pickle
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import fake_models
import joblib
import numpy as np
import pytest
import tiny_corpora

from service import scoring
from service.domain import Article, Parent, ScoreInput
from service.encoder import TOKENIZER, Encoder
from service.features import Ngrams
from service.scoring import AT_ONCE, ModelError, load, probe_input
from training.__main__ import main

SHIPPED = Path(__file__).parent.parent / "models"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    data = tiny_corpora.write(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("models")
    assert main(["fit", "--data", str(data), "--out", str(out), "--columns", "3000", "--vocabulary", "500"]) == 0
    return out


@pytest.fixture
def models(published, tmp_path):
    return shutil.copytree(published, tmp_path / "models")


@pytest.fixture(scope="module")
def model(published):
    return load(published)


def change(models, **values):
    path = models / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refuses(models, *said):
    with pytest.raises(ModelError) as refused:
        load(models)
    sentence = str(refused.value)
    for word in said:
        assert word in sentence
    assert "python -m training" in sentence


def test_published_models_load_and_pass_their_probes(model):
    model.check_probes()

    assert re.fullmatch(r"\d{4}\.\d\d-[0-9a-f]{8}", model.version)
    assert model.attributes == ("toxicity", "insult", "spam", "off_topic")


def test_a_missing_folder_is_refused(tmp_path):
    refuses(tmp_path / "nowhere", "nowhere", "Set MODELS_DIR to the one that has manifest.json")


def test_a_missing_manifest_is_refused(models):
    (models / "manifest.json").unlink()

    refuses(models, "manifest.json", "missing")


@pytest.mark.parametrize("written", ["", "{", "[]", "null", '{"format": 99}', '{"format": 1}', '{"format": 1, "files": []}'])
def test_a_manifest_that_is_none_is_refused(models, written):
    (models / "manifest.json").write_text(written)

    refuses(models, "manifest.json")


@pytest.mark.parametrize(
    ("about", "where"),
    [
        ({"version": 7}, "version"),
        ({"files": {"attributes.joblib": "0"}}, "files"),
        ({"files": [{"name": "attributes.joblib"}]}, "files.0.sha256"),
        ({"libraries": ["scikit-learn"]}, "libraries"),
        ({"probes": [{"input": {}, "scores": {}}]}, "probes.0.input.text"),
        ({"probes": [{"input": {"text": "A tram."}, "scores": {"toxicity": None}}]}, "probes.0.scores.toxicity"),
        ({"probes": [{"input": {"text": "A tram.", "article": {"text": ""}}, "scores": {}}]}, "probes.0.input.article.title"),
        ({"languages": "en"}, "languages"),
    ],
)
def test_a_manifest_with_something_else_in_a_place_is_refused(models, about, where):
    change(models, **about)

    refuses(models, "manifest.json", where)


@pytest.mark.parametrize("name", ["manifest.json", "attributes.joblib"])
def test_a_file_that_may_not_be_read_is_refused_and_it_says_why(models, name, monkeypatch):
    opened = Path.open

    def as_another_user(path, *told, **more):
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *told, **more)

    monkeypatch.setattr(Path, "open", as_another_user)

    with pytest.raises(ModelError, match=rf"{name}: cannot be read \(Permission denied\).*chmod"):
        load(models)


def test_a_missing_model_is_refused(models):
    (models / "attributes.joblib").unlink()

    refuses(models, "attributes.joblib", "this model file is missing. Put back the models")


def test_one_changed_byte_is_refused(models):
    path = models / "topicality.joblib"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    refuses(models, "topicality.joblib", "SHA-256")


def test_nothing_is_unpickled_before_every_hash_is_right(models, monkeypatch):
    opened = []
    monkeypatch.setattr(joblib, "load", opened.append)
    (models / "topicality.joblib").write_bytes(pickle.dumps("planted"))

    refuses(models, "topicality.joblib", "SHA-256")
    assert opened == []


def test_a_model_that_is_swapped_after_it_was_checked_is_not_unpickled(models, monkeypatch):
    unpickle = joblib.load

    def after_a_swap(opened):
        (models / "topicality.joblib").write_bytes(pickle.dumps("planted"))
        return unpickle(opened)

    monkeypatch.setattr(joblib, "load", after_a_swap)

    assert "planted" not in load(models).scorers


def test_an_encoder_reads_with_the_bytes_that_were_checked(tmp_path, monkeypatch):
    models = shutil.copytree(SHIPPED, tmp_path / "models")

    def after_a_loss(*told):
        shutil.rmtree(models)
        return Encoder(*told)

    monkeypatch.setattr(scoring, "Encoder", after_a_loss)

    load(models).check_probes()


def test_an_encoder_is_refused_with_a_tokenizer_that_the_manifest_does_not_vouch_for(tmp_path):
    models = shutil.copytree(SHIPPED, tmp_path / "models")
    entries = json.loads((models / "manifest.json").read_text())["files"]
    change(models, files=[entry for entry in entries if entry["name"] != TOKENIZER])

    refuses(models, TOKENIZER)


def test_libraries_replaced_on_disk_under_a_running_service_change_nothing_in_it(models, monkeypatch):
    def replaced(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", replaced)

    assert load(models).attributes


def test_a_manifest_from_another_scikit_learn_is_refused(models):
    change(models, libraries={"scikit-learn": "0.24.2", "numpy": "1.19", "joblib": "1.0"})

    refuses(models, "numpy 1.19", "joblib 1.0", "installed is", "Install scikit-learn 0.24.2, put others in force")


def test_models_made_for_other_features_are_refused(models):
    change(models, features_version=0)

    refuses(models, "features version 0")


def test_a_file_that_is_no_model_is_refused(models):
    path = models / "topicality.joblib"
    path.write_bytes(b"no pickle")
    entries = json.loads((models / "manifest.json").read_text())["files"]
    change(models, files=[entry | {"sha256": hashlib.sha256((models / entry["name"]).read_bytes()).hexdigest()} for entry in entries])

    refuses(models, "topicality.joblib", "cannot be opened")


@pytest.mark.parametrize("changed", [{"toxicity": 0.0}, {"toxicity": 1.0}, {"threat": 0.5}])
def test_a_probe_that_scores_otherwise_is_refused_when_probes_are_checked(models, changed):
    probes = json.loads((models / "manifest.json").read_text())["probes"]
    change(models, probes=[probes[0] | {"scores": probes[0]["scores"] | changed}])
    model = load(models)

    with pytest.raises(ModelError, match="probe text 1"):
        model.check_probes()


def test_models_that_fail_on_a_probe_are_refused_with_a_sentence(tmp_path):
    probes = [{"input": {"text": "unscorable"}, "scores": {"toxicity": 0.99}}]
    model = load(fake_models.publish(tmp_path, probes=probes))

    with pytest.raises(ModelError, match=r"models fake-1: the probe texts cannot be scored \(ValueError.*python -m training"):
        model.check_probes()


def test_a_probe_is_asked_with_its_article_and_what_it_answers():
    written = {"text": "Yes.", "article": {"title": "Trams", "text": "A line."}, "parent": {"text": "Is it late?"}}

    asked = probe_input(written)

    assert (asked.text, asked.article.title, asked.article.text, asked.parent) == ("Yes.", "Trams", "A line.", Parent(text="Is it late?"))


def test_the_manifest_says_which_languages_are_read(models):
    change(models, languages=["de", "en"])

    assert load(models).languages == ("de", "en")


def test_models_that_cannot_say_which_words_did_it_say_none(tmp_path):
    assert load(fake_models.publish(tmp_path)).explain(ScoreInput(text="A vile text.")) == []


def test_models_without_perspectives_heads_have_nothing_on_its_scale(model):
    assert model.perspective(["One.", "Two."]) == [{}, {}]
    assert model.scale == ()


def test_without_an_encoder_too_the_words_are_told_that_did_it(model):
    text = f"{KIND.text}, {RUDE.text}"

    told = model.explain(ScoreInput(text=text))

    assert told != []
    assert all(begin > len(KIND.text) for begin, _ in told)


def test_loading_predicts_nothing(monkeypatch):
    def predicted(*_):
        raise AssertionError("predicted before the fork")

    monkeypatch.setattr(Ngrams, "of_plain", predicted)
    monkeypatch.setattr(Encoder, "_ask", predicted)

    load(SHIPPED)


def test_loading_opens_no_session():
    assert "_session" not in vars(load(SHIPPED).encoder)


RUDE = ScoreInput(text="you stupid idiot shut your mouth")
KIND = ScoreInput(text="a lovely tram line for passengers")
TRAMS = Article(id="t", title="tram line station", text="the driver stops at the depot and passengers need a ticket")


def test_scores_are_probabilities_in_the_order_of_the_inputs(model):
    rude, kind = model.score([RUDE, KIND])

    assert rude.values["toxicity"] > kind.values["toxicity"]
    assert rude.model_version == model.version
    assert all(0 <= value <= 1 for scores in (rude, kind) for value in scores.values.values())


def test_no_inputs_give_no_scores(model):
    assert model.score([]) == []


def test_a_list_longer_than_what_is_rated_together_keeps_its_order(model):
    inputs = [ScoreInput(text="you fool " * (number % 7) + f"comment {number}") for number in range(2 * AT_ONCE + 3)]

    assert model.score(inputs) == [model.score([each])[0] for each in inputs]


def test_however_many_replies_are_rated_the_encoder_reads_each_text_once(monkeypatch):
    model, asked = load(SHIPPED), []
    ask = model.encoder._ask
    monkeypatch.setattr(model.encoder, "_ask", lambda ids: asked.append(tuple(ids)) or ask(ids))
    replies = [
        ScoreInput(text=f"Line {n} waits for trams.", article=TRAMS, parent=Parent(text=f"A ticket costs {n} euros.")) for n in range(50)
    ]

    model.rate(replies)

    assert len(asked) == len(set(asked))


def test_an_input_scores_the_same_alone_and_among_others_and_from_many_threads(model):
    inputs = [RUDE, KIND, ScoreInput(text="tram tickets are late", article=TRAMS)] * 5
    together = model.score(inputs)

    with ThreadPoolExecutor(8) as threads:
        alone = list(threads.map(lambda each: model.score([each])[0], inputs))

    assert alone == together


def test_without_an_article_or_topical_words_there_is_no_off_topic_score(model):
    silent = [
        ScoreInput(text="The tram stops at the station"),
        ScoreInput(text="The tram stops at the station", article=Article(id="empty")),
        ScoreInput(text="Well said!", article=TRAMS),
        ScoreInput(text="Agreed.", article=TRAMS),
        ScoreInput(text="😀😀😀", article=TRAMS),
    ]

    assert ["off_topic" in scores.values for scores in model.score(silent)] == [False] * 5


def test_a_comment_on_another_topic_is_more_off_topic(model):
    on, off = model.score(
        [
            ScoreInput(text="passengers without a ticket annoy the driver", article=TRAMS),
            ScoreInput(text="tulips and roses need compost in the greenhouse", article=TRAMS),
        ]
    )

    assert on.values["off_topic"] < off.values["off_topic"]


def test_a_reply_on_its_parents_topic_is_less_off_topic(model):
    text = "tulips and roses need compost in the greenhouse"
    alone, reply = model.score(
        [
            ScoreInput(text=text, article=TRAMS),
            ScoreInput(text=text, article=TRAMS, parent=Parent(text="My roses and tulips got compost in the greenhouse")),
        ]
    )

    assert reply.values["off_topic"] < alone.values["off_topic"]


def test_an_empty_parent_changes_nothing(model):
    one, other = model.score([ScoreInput(text=KIND.text, article=TRAMS), ScoreInput(text=KIND.text, article=TRAMS, parent=Parent())])

    assert one == other


@pytest.mark.parametrize("text", ["\u0000", "\ud800", "😀", "🏳️‍🌈", "مرحبا", "a" * 20_000, "<" * 500, "𝕬" * 100])
def test_any_text_gets_every_attribute_without_an_article(model, text):
    (scores,) = model.score([ScoreInput(text=text)])

    assert scores.values.keys() == {"toxicity", "insult", "spam"}
    assert not any(np.isnan(value) for value in scores.values.values())
