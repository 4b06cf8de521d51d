"""Training from the command line, and what it makes of labels."""

import errno
import gzip
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tiny_corpora

from service.encoder import Encoder
from service.scoring import load
from training import __main__ as command_line
from training import dataset, pipelines, publish, retrain
from training.__main__ import main
from training.calibration import curve, soft, to_prevalence
from training.card import card
from training.contrasts import contrasts, joined, mentions
from training.dataset import TRAINED_ON, DataError, LabelledText, target
from training.evaluate import calibration_error, threshold_rows
from training.pipelines import fit_attributes
from training.proposals import printed_proposals, proposals
from training.topics import draw_pairs

MODELS = Path(__file__).parent.parent / "models"
SMALL = ["--columns", "2000", "--vocabulary", "300"]


def labelled(**labels):
    return LabelledText("text", labels, "jigsaw", "text")


def test_a_missing_label_is_missing_and_not_zero():
    assert target(labelled(toxicity=1), "insult") is None
    assert target(labelled(toxicity=1, insult=0), "insult") == 0


def test_any_of_0_is_0_for_all_six_and_says_nothing_of_spam():
    row = labelled(any=0)

    assert [target(row, name) for name in dataset.TOXIC_ATTRIBUTES] == [0] * 6
    assert target(row, "spam") is None


def test_any_of_1_names_no_attribute_but_mostly_means_toxicity():
    row = labelled(any=1)

    assert target(row, "toxicity") == pytest.approx(0.94)
    assert {target(row, name) for name in dataset.LABELLED if name != "toxicity"} == {None}


def test_the_labels_are_those_that_the_corpora_have_whatever_else_is_scored():
    """By position, one more attribute among the first would have taken the place of `threat` in 'any of six', and of `spam`."""
    assert set(dataset.TOXIC_ATTRIBUTES) == set(dataset.JIGSAW.values()) == set(dataset.CIVIL.values())
    assert (*dataset.TOXIC_ATTRIBUTES, "spam") == dataset.LABELLED


def test_of_every_attribute_that_is_fitted_it_is_said_how_often_it_occurs():
    assert list(pipelines.NATURAL) == [*dataset.LABELLED, "off_topic"]


def test_a_soft_label_is_both_answers_by_weight():
    rows, hard, weights = soft(np.array([1.0, 0.7, 0.0]))

    assert [(int(r), int(h), round(float(w), 3)) for r, h, w in zip(rows, hard, weights, strict=True)] == [
        (0, 1, 1.0),
        (1, 1, 0.7),
        (1, 0, 0.3),
        (2, 0, 1.0),
    ]


def test_near_copies_have_one_key_and_so_fall_into_one_fold():
    assert dataset.text_key("You are an IDIOT, 17 times!") == dataset.text_key("you are an i.d.i.o.t 18 times")


def test_texts_of_a_test_file_are_left_out_however_they_are_spelt(tmp_path):
    rows = [{"text": "You are an idiot", "labels": {"toxicity": 1}}, {"text": "Fine words", "labels": {"toxicity": 0}}]
    (tmp_path / "toxicity-own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "test-own.jsonl").write_text(json.dumps({"text": "YOU are an i d i o t!", "labels": {"toxicity": 1}}) + "\n")

    assert [row.text for row in dataset.read(tmp_path).texts] == ["Fine words"]


def test_csv_files_are_known_by_their_headers(tmp_path):
    corpora = dataset.read(tiny_corpora.write_csv(tmp_path))
    civil, jigsaw = corpora.texts[1], corpora.texts[-1]

    assert civil.source == "civil"
    assert civil.labels == {"toxicity": 0.7, "severe_toxicity": 0.1, "identity_attack": 0.0, "insult": 0.6, "threat": 0.0}
    assert jigsaw.source == "jigsaw"
    assert jigsaw.labels["profanity"] == 0
    assert "second line" in jigsaw.text


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_that_a_spreadsheet_saved_is_read_without_its_mark(tmp_path, pack):
    mark, ending = b"\xef\xbb\xbf", ".gz" if pack is gzip.compress else ""
    (tmp_path / f"x.csv{ending}").write_bytes(pack(mark + b"comment_text,toxic\nrude,1\n"))
    (tmp_path / f"spam.jsonl{ending}").write_bytes(pack(mark + LINE))

    assert [row.text for row in dataset.read(tmp_path).texts] == ["a", "rude"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("toxicity-x.jsonl", "{", "line 1"),
        ("toxicity-x.jsonl", '{"text": "a", "labels": {"rudeness": 1}}', "rudeness"),
        ("toxicity-x.jsonl", '{"text": "a", "labels": {"toxicity": 2}}', "0 to 1"),
        ("x.csv", "a,b\n1,2\n", "Jigsaw's header"),
        ("x.csv", "", "got nothing"),
        ("topicality-comments.jsonl", '{"article": "nowhere", "text": "a"}', "nowhere"),
        ("readme.txt", "", "can be trained on"),
        ("toxicity-x.jsonl", '{"text": "a", "labels": {"toxicity": 1}}', "nothing can be fitted"),
    ],
)
def test_data_that_cannot_be_used_are_named(tmp_path, capsys, name, content, said):
    (tmp_path / name).write_text(content)

    assert main(["fit", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("misspelt", ["toxcity-x.jsonl", "toxicity_x.jsonl.gz", "toxicity-x.json", "perspective-score.jsonl"])
def test_a_file_whose_name_does_not_say_what_it_is_is_named(tmp_path, capsys, misspelt):
    for name in (misspelt, "perspective-wiki.jsonl", "toxic-spans.jsonl.gz", "test-own.jsonl", "moderator-log.jsonl.gz", "README.md"):
        (tmp_path / name).write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")

    main(["fit", "--data", str(tmp_path), "--out", str(tmp_path / "out")])

    assert f"not read, as nothing is known by these names: {misspelt}. --help" in capsys.readouterr().err


def test_of_corpora_that_are_all_read_nothing_is_said(tmp_path):
    assert dataset.unknown(tiny_corpora.write_csv(tiny_corpora.write(tmp_path))) == []


ARTICLE = '{"id": "a", "title": "trams", "text": "", "source": "reddit"}'
JIGSAW_HEADER = "comment_text,toxic"


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("toxicity-x.jsonl", ["[]"], "toxicity-x.jsonl line 1: expected a JSON object"),
        ("toxicity-x.jsonl", ['{"labels": {}}'], "toxicity-x.jsonl line 1, text: expected a text, got nothing"),
        ("toxicity-x.jsonl", ['{"text": "a"}'], "toxicity-x.jsonl line 1, labels: expected an object"),
        ("toxicity-x.jsonl", ['{"text": "a", "labels": {"toxicity": "yes"}}'], "labels.toxicity: expected a number from 0 to 1, got 'yes'"),
        (
            "toxicity-x.jsonl",
            ['{"text": "a", "labels": {"toxicity": null}}'],
            "labels.toxicity: expected a number from 0 to 1, got nothing",
        ),
        ("toxicity-x.jsonl", ['{"text": "a", "labels": {}, "source": []}'], "toxicity-x.jsonl line 1, source: expected a text, got []"),
        ("train.csv", [JIGSAW_HEADER, "fine,0", "rude,maybe"], "train.csv line 3, toxic: expected a number from 0 to 1, got 'maybe'"),
        ("train.csv", [JIGSAW_HEADER, "rude,2"], "train.csv line 2, toxic: expected a number from 0 to 1, got 2.0"),
        ("train.csv", [JIGSAW_HEADER, "rude"], "train.csv line 2, toxic: expected a text, got nothing"),
        ("topicality-articles.jsonl", ['{"id": "a", "text": "", "source": "reddit"}'], "line 1, title: expected a text, got nothing"),
        ("topicality-comments.jsonl", ['{"text": "a"}'], "topicality-comments.jsonl line 1, article: expected the id of an article"),
        ("topicality-comments.jsonl", ['{"article": ["a"], "text": "a"}'], "line 1, article: expected the id of an article"),
        ("topicality-comments.jsonl", ['{"article": "a", "text": "a", "on_topic": 7}'], "line 1, on_topic: expected a number from 0 to 1"),
        ("test-x.jsonl", ["{}"], "test-x.jsonl line 1, text: expected a text, got nothing"),
        ("test-x.jsonl", ['{"text": "a", "labels": {"toxicity": "yes"}}'], "test-x.jsonl line 1, labels.toxicity: expected a number"),
        (
            "test-jigsaw.jsonl",
            ['{"text": "a", "labels": {"insult": 1}}'],
            "line 1, labels.toxicity: expected a number from 0 to 1, got nothing",
        ),
        ("test-hatecheck.jsonl", ['{"text": "a", "labels": {"hateful": 1}, "target": ""}'], "line 1, functionality: expected a text"),
        ("toxicity-x.jsonl", ["[" * 100_000], "toxicity-x.jsonl line 1: expected a JSON object"),
        ("toxicity-x.jsonl", ["9" * 5_000], "toxicity-x.jsonl line 1: expected a JSON object"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_by_its_file_its_number_and_its_field(tmp_path, name, lines, said):
    (tmp_path / "topicality-articles-known.jsonl").write_text(ARTICLE + "\n")
    (tmp_path / name).write_text("".join(line + "\n" for line in lines))

    with pytest.raises(DataError, match=re.escape(said)):
        dataset.read(tmp_path)


def test_a_row_of_perspectives_scores_without_its_toxicity_is_named(tmp_path):
    (tmp_path / "perspective-scores.jsonl").write_text('{"text": "a", "perspective": {"TOXICITY@6": 1}}\n{"text": "b"}\n')

    with pytest.raises(DataError, match=re.escape("perspective-scores.jsonl line 2, perspective.TOXICITY: expected a number from 0 to 1")):
        dataset.read_tests(tmp_path, "perspective-scores")


@pytest.mark.parametrize(
    ("name", "second", "said"),
    [
        ("perspective-scores", {"perspective": {"TOXICITY@6": 1}}, "line 2, perspective: expected the names of line 1, INSULT, TOXICITY@6"),
        ("perspective-scores", {"perspective": {"TOXICITY@5": 1, "INSULT": 1}}, "got 'INSULT, TOXICITY@5'"),
        ("perspective-scores", {"perspective": {"TOXICITY@6": 1, "INSULT@new": 1}}, "a version's number behind an @, got 'INSULT@new'"),
        ("toxic-spans", {}, "toxic-spans.jsonl line 2, spans: expected a list of characters' numbers, got nothing"),
        ("toxic-spans", {"spans": ["0"]}, "toxic-spans.jsonl line 2, spans: expected a list of characters' numbers, got ['0']"),
    ],
)
def test_a_row_that_says_less_or_otherwise_than_it_is_asked_is_named(tmp_path, name, second, said):
    first = {"text": "a", "perspective": {"TOXICITY@6": 1, "INSULT": 0}, "spans": [0]}
    (tmp_path / f"{name}.jsonl").write_text(f"{json.dumps(first)}\n{json.dumps({'text': 'b'} | second)}\n")

    with pytest.raises(DataError, match=re.escape(said)):
        dataset.read_tests(tmp_path, name)


LINE = b'{"text": "a", "labels": {}}\n'


@pytest.mark.parametrize(
    "content", [gzip.compress(LINE * 99)[:-9], b"no archive", gzip.compress(LINE + b"\xff")], ids=["cut off", "no archive", "no UTF-8"]
)
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "toxicity-x.jsonl.gz").write_bytes(content)

    with pytest.raises(DataError, match=r"toxicity-x\.jsonl\.gz: .* expected"):
        dataset.read(tmp_path)


@pytest.mark.parametrize("name", ["toxicity-x.jsonl", "test-x.jsonl", "x.csv"])
def test_a_file_that_is_there_packed_and_not_is_not_counted_twice(tmp_path, name):
    content = f"{JIGSAW_HEADER}\nrude,1\n".encode() if name.endswith("csv") else LINE
    (tmp_path / name).write_bytes(content)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))

    with pytest.raises(DataError, match=rf"{name} is there twice"):
        dataset.read(tmp_path)


def test_two_that_write_one_manifest_at_once_leave_it_whole(tmp_path):
    manifest = {"version": "1", "attributes": [], "data": [], "metrics": {"held_out": {}}, "probes": ["a long one"] * 2_000}

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: publish.write_manifest(tmp_path, manifest), range(80)))

    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", "CARD.md"}


def test_what_cannot_be_written_to_its_end_leaves_the_manifest_as_it_was(tmp_path, monkeypatch):
    manifest = {"version": "1", "attributes": [], "data": [], "metrics": {"held_out": {}}}
    publish.write_manifest(tmp_path, manifest)
    monkeypatch.setattr(Path, "write_bytes", full_disk)

    with pytest.raises(OSError, match="No space left"):
        publish.write_manifest(tmp_path, manifest | {"version": "2"})

    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", "CARD.md"}


def full_disk(path, content):
    path.touch()
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_near_copies_alone_are_no_ground_to_fit_on(tmp_path):
    rude = [LabelledText(f"you fool {n}", {"toxicity": 1.0}, "own", f"you fool {n}") for n in range(8)]
    kind = [LabelledText(name, {"toxicity": 0.0}, "own", name) for name in "tram rose goal hedge exam coach soil depot".split()]

    with pytest.raises(DataError, match="nothing can be fitted"):
        fit_attributes(rude + kind, most=2000)


def test_a_missing_folder_is_named(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "--data" in capsys.readouterr().err


def test_too_few_articles_alone_are_too_little(tmp_path, capsys):
    (tmp_path / "topicality-articles.jsonl").write_text('{"id": "a", "title": "trams", "text": "", "source": "reddit"}\n')
    (tmp_path / "topicality-comments.jsonl").write_text('{"article": "a", "text": "tram drivers strike"}\n')

    assert main(["fit", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "too little" in capsys.readouterr().err


def test_articles_of_a_source_that_is_not_learnt_from_are_said_to_be_none(tmp_path, capsys):
    data = tiny_corpora.write(tmp_path / "data")
    for path in (*data.glob("toxicity-*"), *data.glob("spam*")):
        path.unlink()
    articles = data / "topicality-articles.jsonl.gz"
    articles.write_bytes(gzip.compress(gzip.decompress(articles.read_bytes()).replace(b"nyt-debate", b"gazette")))

    assert main(["fit", "--data", str(data), "--out", str(tmp_path / "out")]) == 2
    assert "too few articles of nyt-debate or reddit" in capsys.readouterr().err


def test_articles_that_all_fall_into_one_fold_are_too_little(tmp_path, capsys):
    names = [name for name in map(str, range(99)) if dataset.fold_of(name, 3) == 0][:8]
    articles = [{"id": name, "title": f"trams and gardens {name}", "text": "", "source": "reddit"} for name in names]
    comments = [{"article": name, "text": "tram drivers strike again"} for name in names]
    for name, rows in (("articles", articles), ("comments", comments)):
        (tmp_path / f"topicality-{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert main(["fit", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "too little" in capsys.readouterr().err


def command(data, out):
    line = [sys.executable, "-m", "training", "--data", data, "--out", out, "--report", out.with_suffix(".html"), *SMALL]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    data = tiny_corpora.write(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("models")
    done = command(data, out)
    assert done.returncode == 0, done.stderr
    return data, out, done


def test_one_command_fits_evaluates_and_publishes(trained):
    _, out, done = trained

    assert {path.name for path in out.iterdir()} == {"attributes.joblib", "topicality.joblib", "manifest.json", "CARD.md"}
    assert "| threshold | precision | recall | share of comments |" in done.stdout
    assert "experts: 100%" in done.stderr
    load(out).check_probes()


def test_the_manifest_says_what_the_models_were_made_of(trained):
    data, out, _ = trained
    manifest = json.loads((out / "manifest.json").read_text())

    assert {file["name"] for file in manifest["data"]} == {path.name for path in data.iterdir() if not path.name.startswith("test-")}
    assert manifest["metrics"]["tests"]["test-jigsaw"]["rows"] == 40
    assert set(manifest["metrics"]["tests"]["topicality"]) == {"wsj"}
    assert manifest["metrics"]["held_out"]["toxicity"]["auc"] > 0.9


def test_the_card_tells_terms_limits_and_uses(trained):
    written = (trained[1] / "CARD.md").read_text()

    for said in ("Intended", "Not intended", "## Limits", "toxicity-jigsaw.jsonl.gz", "CC BY-SA", "Proposed thresholds", "ROC-AUC"):
        assert said in written


def test_the_card_of_models_without_an_encoder_tells_of_none(trained):
    assert "sentence encoder" not in (trained[1] / "CARD.md").read_text()


@pytest.mark.parametrize(("runs", "said"), [(3, True), (1, False), (None, False)])
def test_the_card_says_that_an_encoders_runs_were_averaged_where_there_were_several(trained, runs, said):
    manifest = json.loads((trained[1] / "manifest.json").read_text())
    manifest["metrics"] |= {"encoder": {"jigsaw/toxicity": [0.97, 0.97]}, "encoder_runs": runs}

    assert ("trained 3 times" in card(manifest), "averaged" in card(manifest)) == (said, said)


def test_the_card_says_what_8_bits_cost_at_the_most(trained):
    manifest = json.loads((trained[1] / "manifest.json").read_text())
    manifest["metrics"]["encoder"] = {"jigsaw/toxicity": [0.97, 0.9712], "jigsaw/threat": [0.97, 0.9681]}

    assert "cost no output more than 0.0019 of its ROC-AUC on comments that it never saw (2 outputs were measured)" in card(manifest)


def test_the_same_data_give_the_same_bytes(trained, tmp_path):
    data, out, _ = trained

    command(data, tmp_path)

    for name in ("attributes.joblib", "topicality.joblib", "manifest.json"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_no_text_of_the_corpora_is_published(trained):
    data, out, _ = trained
    texts = [json.loads(line)["text"] for line in gzip.decompress((data / "toxicity-jigsaw.jsonl.gz").read_bytes()).splitlines()]
    published = "".join(path.read_text() for path in (out / "manifest.json", out / "CARD.md"))

    assert not any(text in published for text in texts)


def test_csv_files_alone_train_the_attributes_that_they_carry(tmp_path, capsys):
    data = tiny_corpora.write_csv(tmp_path / "data")

    assert main(["--data", str(data), "--out", str(tmp_path / "out"), "--report", str(tmp_path / "report.html"), *SMALL]) == 0
    assert load(tmp_path / "out").attributes == ("toxicity", "severe_toxicity", "insult")
    assert "not served, for want of data: identity_attack, profanity, threat, spam, off_topic." in capsys.readouterr().err


@pytest.fixture
def few_sentences(monkeypatch):
    """Of our own sentences one in forty, as reading them all takes minutes."""
    few = {"contrasts": list(contrasts())[::40], "mentions": mentions()[::40], "joined": joined()[::40]}
    for name, rows in few.items():
        monkeypatch.setattr(pipelines, name, lambda rows=rows: rows)


@pytest.mark.usefixtures("few_sentences")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # so few comments are told apart without an end
def test_with_an_encoder_an_attribute_is_served_only_where_comments_that_it_was_kept_from_say_enough(tmp_path):
    texts = dataset.read(tiny_corpora.write(tmp_path)).texts

    heads, _ = fit_attributes(texts, Encoder.of(MODELS), most=2000)

    assert "insult" in {name for row in texts for name in row.labels}
    assert heads.attributes == ("toxicity",)


@pytest.mark.usefixtures("few_sentences")
def test_too_few_comments_for_an_encoder_are_refused_with_a_sentence(tmp_path):
    texts = dataset.read(tiny_corpora.write(tmp_path)).texts

    with pytest.raises(DataError, match=r"of jigsaw and youtube-spam .* Add comments of these sources, or remove the encoder"):
        fit_attributes(texts[:60], Encoder.of(MODELS), most=2000)


@pytest.mark.parametrize("damaged", ["encoder.onnx", "tokenizer.json"])
def test_a_damaged_encoder_is_refused_with_a_sentence(tmp_path, capsys, damaged):
    data, out = tiny_corpora.write(tmp_path / "data"), tmp_path / "models"
    out.mkdir()
    for name in ("encoder.onnx", "tokenizer.json"):
        (out / name).write_bytes(b"{}" if name == damaged else (MODELS / name).read_bytes())

    assert main(["fit", "--data", str(data), "--out", str(out)]) == 2
    assert f"{out}: the encoder, encoder.onnx with tokenizer.json, cannot be opened" in capsys.readouterr().err


@pytest.mark.parametrize("told", [["--runs", "0"], ["--epochs", "0"], ["--epochs", "nan"], ["--epochs", "inf"]])
def test_an_encoder_that_would_learn_nothing_is_refused_with_a_sentence(capsys, told):
    assert main(["encoder", *told]) == 2
    assert "must be above 0" in capsys.readouterr().err


@pytest.mark.parametrize("told", [["--columns", "0"], ["--vocabulary", "-1"]])
def test_models_that_would_know_no_words_are_refused_with_a_sentence(tmp_path, capsys, told):
    data = tiny_corpora.write(tmp_path / "data")

    assert main(["fit", "--data", str(data), "--out", str(tmp_path / "models"), *told]) == 2
    assert "must be above 0" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(("step", "option"), [("fit", "--out"), ("evaluate", "--report")])
def test_a_place_that_cannot_be_written_is_named_in_a_sentence(trained, tmp_path, capsys, step, option):
    data, out, _ = trained
    (tmp_path / "file").write_text("")
    where = {"--data": data, "--out": out, "--report": tmp_path / "report.html", option: tmp_path / "file" / "below"}

    assert main([step, *(str(word) for pair in where.items() for word in pair), *SMALL]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"training: {tmp_path / 'file'}")


@pytest.mark.parametrize(
    ("step", "option", "place"),
    [("fit", "--out", "file"), ("all", "--report", "file/x.html"), ("evaluate", "--report", "file/x.html"), ("evaluate", "--out", "none")],
)
def test_what_would_end_the_command_is_said_before_the_corpora_are_read(trained, tmp_path, monkeypatch, capsys, step, option, place):
    data, out, _ = trained
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(command_line, "read", lambda folder: pytest.fail("the corpora were read"))
    where = {"--data": data, "--out": out, "--report": tmp_path / "report.html", option: tmp_path / place}

    assert main([step, *(str(word) for pair in where.items() for word in pair), *SMALL]) == 2
    assert str(tmp_path / place.partition("/")[0]) in capsys.readouterr().err


@pytest.mark.parametrize("step", ["all", "fit", "evaluate"])
def test_an_interruption_is_said_without_a_traceback(trained, tmp_path, monkeypatch, capsys, step):
    def interrupted(folder):
        raise KeyboardInterrupt

    data, out, _ = trained
    monkeypatch.setattr(command_line, "read", interrupted)

    assert main([step, "--data", str(data), "--out", str(out), "--report", str(tmp_path / "report.html")]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_an_interrupted_retraining_is_said_without_a_traceback(tmp_path, monkeypatch, capsys):
    def interrupted(config, options):
        raise KeyboardInterrupt

    monkeypatch.setattr(retrain, "retrain", interrupted)
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))

    assert main(["retrain"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])

    said = capsys.readouterr().out
    assert "python -m training evaluate" in said
    assert "{all,encoder,fit,evaluate,retrain,thresholds}" in said


@pytest.mark.parametrize("step", ["retrain", "thresholds"])
def test_a_step_with_options_of_its_own_comes_before_them(tmp_path, capsys, step):
    with pytest.raises(SystemExit) as refused:
        main(["--data", str(tmp_path), step])

    assert refused.value.code == 2
    assert f"python -m training {step} --help" in capsys.readouterr().err


def test_true_and_drawn_pairs_are_as_many_and_stay_with_their_own_article(tmp_path):
    corpora = dataset.read(tiny_corpora.write(tmp_path))
    pairs = draw_pairs(corpora, TRAINED_ON)

    assert sum(pair.wrong for pair in pairs) * 2 == len(pairs)
    assert {corpora.articles[pair.article].source for pair in pairs} == {"nyt-debate"}
    assert any(pair.input.parent for pair in pairs)
    assert not all(pair.input.parent for pair in pairs)


def test_each_pair_comes_once_more_with_what_others_said_for_the_articles_text(tmp_path):
    corpora = dataset.read(tiny_corpora.write(tmp_path))
    pairs = draw_pairs(corpora, TRAINED_ON)
    long = [pair for pair in pairs if pair.lengthened]
    texts = {comment.text for comment in corpora.comments}

    assert len(long) * 2 == len(pairs)
    assert all(set(pair.input.article.text.split("\n")) & texts for pair in long)
    assert [pair for pair in long if not pair.wrong and pair.input.text in pair.input.article.text.split("\n")] == []


def test_calibrated_scores_mean_what_they_say():
    rng = np.random.default_rng(5)
    margins = rng.normal(-2, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-1.5 * margins))).astype(float)
    at, known = curve(margins, labels, np.ones(20_000))
    scores = np.interp(margins, at, known)

    assert calibration_error(labels, scores, np.ones(20_000)) < 0.01
    assert (np.diff(at) > 0).all()
    assert (np.diff(known) > 0).all()


def test_weights_restore_the_natural_prevalence():
    labels = np.array([1.0, 1.0, 0.0, 0.0])
    weights = to_prevalence(labels, 0.1)

    assert (weights * labels).sum() / weights.sum() == pytest.approx(0.1)


def test_a_threshold_tells_its_precision_recall_and_share():
    rows = threshold_rows(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.3, 0.6, 0.1]), np.ones(4))
    at_half = next(row for row in rows if row["threshold"] == 0.5)

    assert at_half == {"threshold": 0.5, "precision": 0.5, "recall": 0.5, "share": 0.5}
    assert rows[-1]["precision"] is None


def test_off_topic_alone_is_never_proposed_to_reject():
    row = {"thresholds": [{"threshold": 0.9, "precision": 1.0, "recall": 0.1, "share": 0.1}]}

    assert proposals(row, "toxicity")["reject"] is not None
    assert proposals(row, "off_topic")["reject"] is None
    assert "| off_topic | reject | none |" in printed_proposals({"off_topic": row})
