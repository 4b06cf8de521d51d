"""What evaluation measures, the report that it writes, and who is treated alike."""

import json
import re
import shutil

import numpy as np
import pytest
import tiny_corpora

from service.domain import ScoreInput
from service.scoring import Model
from training import plots, report, tables
from training.__main__ import main
from training.dataset import SAYS, Corpora, newest
from training.evaluate import _MEASURES, agreement, measure
from training.fairness import alone, bnsp_auc, bpsn_auc, by_identity, identities_in
from training.figures import auc
from training.scored import FILES, OURS, Scored, scored
from training.toxic_words import character_f1, toxic_words

MARKUP = "<b>you</b> & <script>alert(1)</script>"


class Words:
    """Scores a comment by the first of its words that it knows, for every attribute alike."""

    attributes = ("toxicity", "identity_attack")

    def __init__(self, **known):
        self.known = known

    def rate(self, inputs):
        found = [next((self.known[word] for word in each.text.lower().split() if word in self.known), 0.1) for each in inputs]
        return np.array([[score, score / 2] for score in found])


def model(**known):
    return Model("made-up", (Words(**known),), {})


def file(name, labels, scores, **columns):
    rows = [{"text": f"comment {at}"} | {key: values[at] for key, values in columns.items()} for at in range(len(labels))]
    return Scored(name, rows, np.array(labels, dtype=float), {"toxicity": np.array(scores)}, {OURS: np.array(scores)})


GROUPS = [{"gay"}, {"gay"}, {"gay"}, set(), set(), {"deaf"}]
LABELS = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
SCORES = np.array([0.9, 0.8, 0.2, 0.6, 0.3, 0.1])


def test_figures_by_identity_are_those_that_one_counts_by_hand():
    found = by_identity(GROUPS, LABELS, SCORES, threshold=0.5)

    assert found["gay"] == {
        "rows": 3,
        "subgroup_auc": 1.0,  # 0.9 is above 0.8 and 0.2
        "bpsn_auc": 0.5,  # 0.6 is below 0.8, and above 0.2
        "bnsp_auc": 1.0,  # 0.9 is above 0.3 and 0.1
        "false_positive_rate": 0.5,  # of 0.8 and 0.2
    }


def test_an_identity_of_harmless_comments_alone_has_no_auc_of_its_own():
    found = by_identity(GROUPS, LABELS, SCORES, threshold=0.5)["deaf"]

    assert (found["subgroup_auc"], found["bnsp_auc"]) == (None, None)
    assert (found["bpsn_auc"], found["false_positive_rate"]) == (1.0, 0.0)


def test_a_raised_and_a_lowered_group_are_told_apart():
    inside = np.array([True, True, False, False])
    labels = np.array([1.0, 0.0, 1.0, 0.0])

    assert (bpsn_auc(inside, labels, np.array([0.9, 0.8, 0.7, 0.1])), bnsp_auc(inside, labels, np.array([0.9, 0.8, 0.7, 0.1]))) == (0, 1)
    assert (bpsn_auc(inside, labels, np.array([0.2, 0.1, 0.9, 0.3])), bnsp_auc(inside, labels, np.array([0.2, 0.1, 0.9, 0.3]))) == (1, 0)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Kim is a kind African American", {"african american"}),
        ("Being lgbtq is fun.", {"lgbtq"}),
        ("Kim tells an older story of a straight, gay road", {"older", "straight", "gay"}),
        ("Malevolent goldfish", set()),
    ],
)
def test_identities_are_found_as_whole_terms(text, terms):
    assert identities_in(text) == terms


def test_an_identity_alone_that_would_be_held_is_named_with_what_holds_it():
    found = alone(model(muslim=0.7), {"toxicity": 0.5, "identity_attack": 0.3, "off_topic": 0.1})

    assert found["sentences_held"] == 6
    assert {one["attribute"] for one in found["held"]} == {"toxicity", "identity_attack"}
    assert "my Muslim neighbour" in {one["text"] for one in found["held"]}
    assert found["toxicity"]["Muslim"] == 0.7
    assert found["toxicity"]["gay"] == 0.1
    assert alone(model(), {"toxicity": 0.5})["held"] == []


def test_an_auc_needs_both_answers_and_leaves_out_what_has_none():
    assert auc([1, 0, np.nan], [0.9, 0.1, 0.5]) == 1.0
    assert auc([1, 0, 0], [0.9, 0.1, np.nan]) == 1.0
    assert auc([1, 1], [0.9, 0.1]) is None


def test_agreement_with_other_scores():
    found = agreement(np.array([0.9, 0.85, 0.1, 0.2]), np.array([0.95, 0.75, 0.1, 0.2]))

    assert found == {"spearman": 1.0, "mean_distance": 0.0375, "same_side_of_0.8": 0.75}
    assert newest({"TOXICITY@5": 0.1, "TOXICITY@6": 0.2, "SEVERE_TOXICITY@9": 0.3}, "TOXICITY") == "TOXICITY@6"


def test_hatecheck_is_judged_by_the_higher_of_two_attributes_and_by_functionality(tmp_path):
    rows = [
        {"text": "vermin", "labels": {"hateful": 1}, "functionality": "derog_h", "target": "women"},
        {"text": "kind", "labels": {"hateful": 1}, "functionality": "derog_h", "target": "women"},
        {"text": "kind", "labels": {"hateful": 0}, "functionality": "ident_nh", "target": ""},
    ]
    tiny_corpora._jsonl(tmp_path / "test-hatecheck.jsonl", rows)

    tests, files = measure(model(vermin=0.9), tmp_path, Corpora((), {}, (), ()), {"toxicity": 0.5})

    assert tests["test-hatecheck"]["functionalities"] == {
        "derog_h": {"rows": 2, "hateful": True, "accuracy": 0.5},
        "ident_nh": {"rows": 1, "hateful": False, "accuracy": 1.0},
    }
    assert tests["test-hatecheck"]["balanced_accuracy_at_0.5"] == 0.75
    assert set(tests["fairness"]["test-hatecheck"]) == {"women"}
    assert set(files) == {"test-hatecheck"}


def test_every_file_that_is_scored_is_checked_measured_and_shown():
    assert SAYS.keys() == FILES.keys() == _MEASURES.keys()
    assert list(tables._WHAT) == [name for name in FILES if name.startswith("test-")]


def test_each_comment_is_scored_once_beside_perspectives_own_score():
    rows = [
        {"text": "vermin", "perspective": {"TOXICITY@6": 0.8, "TOXICITY@5": 0.1}, "labels": {"toxicity": 1}},
        {"text": "kind", "perspective": {"TOXICITY@6": 0.2, "TOXICITY@5": 0.9}},
    ]
    one = scored(model(vermin=0.9), "perspective-scores", rows)

    assert one.ours.tolist() == [0.9, 0.1]
    assert one.by["Perspective"].tolist() == [0.8, 0.2]
    assert one.labels[0] == 1
    assert np.isnan(one.labels[1])
    assert "ours, on Perspective's scale" not in one.by  # the model has no such heads


def test_heads_on_perspectives_scale_stand_beside_perspective():
    class OnTheirScale(Words):
        scale = ("FLIRTATION", "TOXICITY")

        def rate(self, inputs):
            return {"toxicity": super().rate(inputs)[:, 0]}

        def perspective(self, texts):
            return [{"FLIRTATION": 0.0, "TOXICITY": 0.7} for _ in texts]

    one = scored(OnTheirScale(), "perspective-wiki", [{"text": "kind", "perspective": {"TOXICITY": 0.6}, "labels": {"toxicity": 0}}])

    assert one.by["ours, on Perspective's scale"].tolist() == [0.7]


def test_character_f1_is_that_of_sets_of_offsets():
    assert character_f1({1, 2, 3}, [2, 3, 4]) == pytest.approx(2 / 3)
    assert character_f1({1}, [2]) == 0
    assert character_f1(set(), [2]) == 0
    assert character_f1(set(), []) == 1
    assert character_f1({1}, []) == 0


def test_words_are_measured_where_a_model_can_name_them(tmp_path):
    texts = [f"you {word} fool" for word in "utter total proper real plain perfect absolute complete poor old big mere".split()]
    tiny_corpora._jsonl(tmp_path / "toxic-spans.jsonl", [{"text": text, "spans": list(range(len(text) - 4, len(text)))} for text in texts])

    class Explains:
        def explain(self, one: ScoreInput):
            return [(len(one.text) - 4, len(one.text))]

    class CannotSay:
        def explain(self, one: ScoreInput):
            return []

    assert toxic_words(Explains(), tmp_path)["character_f1"] == 1.0
    assert toxic_words(CannotSay(), tmp_path) == {}


def test_the_worst_errors_are_the_surest_ones_and_each_text_stands_once():
    one = file("test-surge", [0, 0, 1, 1, 0], [0.2, 0.9, 0.1, 0.8, 0.9])
    one.rows[4]["text"] = one.rows[1]["text"]

    assert report.worst_errors(one) == ([4, 0], [2, 3])


def test_where_no_comment_scores_so_high_there_is_no_precision_to_draw():
    drawn = plots.by_threshold(np.array([0.0, 1.0]), np.array([0.1, 0.455]), np.ones(2))

    assert drawn["precision"][0].max() == pytest.approx(0.45)
    assert drawn["recall"][0].max() == pytest.approx(0.99)


def test_no_line_is_hidden_by_the_names_of_the_lines():
    drawn = plots.plot("By threshold", "threshold", "share", {name: (np.array([0.0, 1.0]), np.array([0.0, 1.0])) for name in ("a", "b")})

    lowest = max(float(point.split(",")[1]) for points in re.findall('points="([^"]+)"', drawn) for point in points.split())
    assert all(float(y) > lowest + 30 for y in re.findall(r'y="([\d.]+)" fill', drawn))
    assert len(re.findall(r'y="([\d.]+)" fill', drawn)) == 2


def test_what_is_folded_away_as_thresholds_is_thresholds():
    figures = {"comments": 2, "positives": 1, "prevalence": 0.1, "auc": 0.9, "calibration_error": 0.01, "thresholds": []}
    held = {"off_topic": figures | {"auc_by_source": {"reddit": 0.9}}}
    written = report.page({"version": "1", "metrics": {"held_out": held, "tests": {}}}, {})

    assert re.findall("<summary>([^<]+)", written) == ["off_topic: thresholds"]
    assert "<h3><code>off_topic</code> by source</h3>" in written


def test_the_report_escapes_what_it_quotes_and_loads_nothing():
    one = file("test-surge", [0, 1], [0.9, 0.1])
    one.rows[0]["text"] = MARKUP
    written = report.page({"version": "<i>1</i>", "metrics": {"held_out": {}, "tests": {}}}, {"test-surge": one})

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
    assert "<script" not in written
    assert "<i>" not in written
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import", written)
    assert "Quotes comments" in written
    assert 'name="viewport"' in written


def test_tables_of_what_was_not_measured_are_left_out():
    assert tables.measured_tables({}) == []
    assert tables.markdown([tables.Table("Spam", "Note.", ["a", "b"], [["x|y", "1"]])], "###") == (
        "### Spam\n\nNote.\n\n| a | b |\n|---|---|\n| x\\|y | 1 |"
    )


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """A folder with every kind of test file, made-up models, and what evaluating them wrote and printed."""
    folder = tmp_path_factory.mktemp("evaluated")
    data = tiny_corpora.write_tests(tiny_corpora.write(folder / "data"))
    where = ["--data", str(data), "--out", str(folder / "models"), "--report", str(folder / "kept" / "report.html")]
    assert main(["fit", *where, "--columns", "2000", "--vocabulary", "300"]) == 0
    with pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr("builtins.print", lambda *words, sep=" ", **rest: said.append(sep.join(map(str, words))))
        assert main(["evaluate", *where]) == 0
    return folder, "\n".join(said)


def test_evaluate_writes_the_report_and_says_where(evaluated):
    folder, said = evaluated
    written = (folder / "kept" / "report.html").read_text()

    assert f"report: {folder / 'kept' / 'report.html'}" in said
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", written)
    assert titles == [
        *("Curves", "Discrimination", "Calibration and thresholds", "HateCheck", "Fairness", "Beside Perspective", "Topicality", "Spam"),
        *("Held-out figures and thresholds", "Worst errors"),
    ]
    for plot in ("ROC, by file", "Precision and recall", "Calibration", "By threshold"):
        assert f'aria-label="{plot}' in written


def test_the_card_and_the_manifest_have_the_figures_and_none_of_the_texts(evaluated):
    folder, said = evaluated
    tests = json.loads((folder / "models" / "manifest.json").read_text())["metrics"]["tests"]
    card = (folder / "models" / "CARD.md").read_text()

    assert tests["test-madlibs"]["rows"] == 8
    assert set(tests["fairness"]["test-madlibs"]) == {"gay", "deaf"}
    assert set(tests["perspective-wiki"]["auc"]) >= {"ours", "Perspective"}
    for theme in ("Discrimination", "HateCheck", "Fairness", "Beside Perspective", "Topicality"):
        assert f"### {theme}" in card
        assert f"## {theme}" in said
    for row in tiny_corpora.tests()["perspective-wiki"]:
        assert row["text"] not in card


def test_half_an_emoji_in_a_test_file_is_quoted_as_a_question_mark(evaluated, tmp_path):
    folder, _ = evaluated
    data = tiny_corpora.write(tmp_path / "data")
    (data / "test-surge.jsonl").write_text(r'{"text": "Roses \ud83d", "labels": {"toxicity": 0}}' + "\n")

    models, report = shutil.copytree(folder / "models", tmp_path / "models"), tmp_path / "report.html"
    assert main(["evaluate", "--data", str(data), "--out", str(models), "--report", str(report)]) == 0
    assert "Roses ?" in report.read_text(encoding="utf-8")


def test_half_an_emoji_in_a_name_is_published_as_a_question_mark(evaluated, tmp_path):
    folder, _ = evaluated
    data = tiny_corpora.write(tmp_path / "data")
    row = {"text": "Roses", "labels": {"hateful": 0}, "functionality": "\ud83d_nh", "target": ""}
    (data / "test-hatecheck.jsonl").write_text(json.dumps(row) + "\n")

    models = shutil.copytree(folder / "models", tmp_path / "models")
    assert main(["evaluate", "--data", str(data), "--out", str(models), "--report", str(tmp_path / "report.html")]) == 0
    assert "| ?_nh |" in (models / "CARD.md").read_text(encoding="utf-8")


def test_a_source_of_which_off_topic_says_nothing_is_left_out(evaluated, tmp_path):
    folder, _ = evaluated
    data = tiny_corpora.write(tmp_path / "data")
    untold = [{"id": name, "title": "", "text": "", "source": "dyerta"} for name in ("one", "other")]
    (data / "topicality-articles-more.jsonl").write_text("".join(json.dumps(each) + "\n" for each in untold))
    told = [{"article": each["id"], "text": "The trams stop at the depot."} for each in untold]
    (data / "topicality-comments-more.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))

    models = shutil.copytree(folder / "models", tmp_path / "models")
    assert main(["evaluate", "--data", str(data), "--out", str(models), "--report", str(tmp_path / "report.html")]) == 0
    assert set(json.loads((models / "manifest.json").read_text())["metrics"]["tests"]["topicality"]) == {"wsj"}


def test_a_policy_that_cannot_be_used_stops_it(tmp_path, capsys):
    data = tiny_corpora.write(tmp_path / "data")

    assert main(["evaluate", "--data", str(data), "--policy", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_where_no_identity_alone_is_held_the_highest_scores_are_told():
    one = {"sentences": 2, "sentences_held": 0, "held": [], "toxicity": {"deaf": 0.1, "gay": 0.3}}
    (table,) = tables.measured_tables({"fairness": {"threshold": 0.5, "alone": one}})

    assert "0 would be held" in table.note
    assert table.rows == [["gay", "0.300"], ["deaf", "0.100"]]
