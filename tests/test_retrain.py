"""Retraining from verdicts, as a developer runs it from cron, on both databases."""

import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_models
import pytest
from conftest import fresh_database
from newsroom import Newsroom
from test_caution import examples

from service import moderation, policy, signin, verdicts, versions
from service.domain import (
    LIKELY_TO_REJECT,
    Article,
    Author,
    Comment,
    Moderator,
    Outcome,
    Parent,
    Rejection,
    Role,
    ScoreInput,
    Suggestion,
    Verdict,
)
from service.rules import load as load_rules
from service.rules import parse
from service.scoring import load
from service.storage import moderators, suggestions
from service.storage.engine import reading, writing
from training import candidate, lessons
from training.__main__ import main
from training.gate import judge
from training.lessons import Lessons
from training.newsroom import fit_newsroom
from training.regression_set import check
from training.rehearsal import prepare, try_out
from training.retrain import alone
from training.retrain_report import page

GOOD = "The mayor visited the harbour and the library. See https://example.org/report"
BAD = "The council heard a secretly painted rumour about the tram affair."


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """With 400 verdicts, and models that were never retrained."""
    folder = tmp_path_factory.mktemp("newsroom")
    with fresh_database(request.param, folder) as url:
        newsroom = Newsroom(url, folder)
        newsroom.copy_judged()
        yield newsroom
        newsroom.parts.engine.dispose()


@pytest.fixture(scope="module")
def made(judged: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models after one run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in judged.environ.items():
            patch.setenv(name, value)
        assert main(["retrain"]) == 0
    return shutil.copytree(judged.models, tmp_path_factory.mktemp("made") / "models")


@pytest.fixture
def few(database_url: str, tmp_path: Path) -> Iterator[Newsroom]:
    """With three verdicts, for tests that change what was said."""
    newsroom = Newsroom(database_url, tmp_path)
    newsroom.judge(3)
    yield newsroom
    newsroom.parts.engine.dispose()


def person(newsroom: Newsroom, name: str) -> Moderator:
    with reading(newsroom.parts.engine) as db:
        return moderators.from_row(moderators.named(db, name))


@pytest.fixture
def newsroom(judged: Newsroom, made: Path) -> Newsroom:
    """After one run, which later tests find as it was."""
    shutil.rmtree(judged.models)
    shutil.copytree(made, judged.models)
    return judged


@pytest.fixture(scope="module")
def again(judged: Newsroom, made: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A second run on the same verdicts: its status, its result, all that it said, and the models after it."""
    models = shutil.copytree(made, tmp_path_factory.mktemp("again") / "models")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as said:
        for name, value in (judged.environ | {"MODELS_DIR": str(models)}).items():
            patch.setenv(name, value)
        status = main(["retrain", "--since", "all"])
    return SimpleNamespace(status=status, result=json.loads(out.getvalue()), said=out.getvalue() + said.getvalue(), models=models)


def test_an_article_is_held_once_for_all_its_comments(judged: Newsroom) -> None:
    learnt = lessons.read(judged.parts.engine).verdicts
    told = {one.article: one.input.article for one in learnt}

    assert {article.id for article in told.values() if article} == {f"article-{number}" for number in range(14)}
    assert all(one.input.article is told[one.article] for one in learnt)


def test_it_publishes_what_foretells_verdicts_better(newsroom: Newsroom) -> None:
    model = versions.verified(newsroom.models, versions.pointer(newsroom.models).active)
    good, bad = model.score([ScoreInput(text=GOOD), ScoreInput(text=BAD)])

    assert LIKELY_TO_REJECT in model.attributes
    assert good.values[LIKELY_TO_REJECT] < 0.4 < 0.6 < bad.values[LIKELY_TO_REJECT]
    assert model.manifest["newsroom"]["figures"]["auc"]["candidate"] > 0.75
    assert model.manifest["newsroom"]["lessons"]["verdicts"] == 400


def test_the_shipped_scores_stay_where_nobody_said_anything_of_them(newsroom: Newsroom) -> None:
    model = versions.verified(newsroom.models, versions.pointer(newsroom.models).active)
    assert model.score([ScoreInput(text="A vile text.")])[0].values["toxicity"] == 0.99


def test_a_policy_decides_by_it(newsroom: Newsroom, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[hold]\nlikely_to_reject = 0.5\n[reject]\nlikely_to_reject = 0.99\n")
    model = versions.verified(newsroom.models, versions.pointer(newsroom.models).active)
    comment = Comment(site="gazette", id="1", text=BAD)
    decision = policy.decide(comment, model.score([comment.score_input])[0], "en", policy.History(), load_rules(file))

    assert decision.outcome is Outcome.HOLD
    assert [reason.code for reason in decision.reasons] == [LIKELY_TO_REJECT]


def test_a_second_run_has_nothing_new(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    status, result, said = newsroom.run(capsys, "retrain")
    assert (status, result["result"]) == (0, "nothing new")
    assert "--since all" in said


def test_a_run_beside_another_says_so_and_does_nothing(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    with alone(newsroom.models):
        status, result, said = newsroom.run(capsys, "retrain")
    assert (status, result["result"]) == (2, "unusable")
    assert "Another `python -m training retrain` is at work" in said


def test_what_a_killed_run_left_takes_no_room_after_the_next(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    left = newsroom.models / versions.VERSIONS / f"{candidate.UNFINISHED}abc" / "version"
    left.mkdir(parents=True)
    newsroom.run(capsys, "retrain")
    assert not left.parent.exists()


def test_what_a_killed_run_of_another_user_left_hinders_no_later_run(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (newsroom.models / versions.VERSIONS / f"{candidate.UNFINISHED}abc").mkdir()
    monkeypatch.setattr(os, "rmdir", deny)
    status, result, _ = newsroom.run(capsys, "retrain")
    assert (status, result["result"]) == (0, "nothing new")


@pytest.mark.parametrize("manifest", ["{", "[]"], ids=["cut off", "no object"])
def test_a_damaged_candidate_hinders_no_later_run(newsroom: Newsroom, manifest: str, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = newsroom.models / versions.VERSIONS / "2026-01-01-damaged"
    damaged.mkdir()
    (damaged / "manifest.json").write_text(manifest)

    status, result, _ = newsroom.run(capsys, "retrain")
    assert (status, result["result"]) == (0, "nothing new")


def test_a_run_on_the_same_verdicts_is_refused_and_its_candidate_kept(made: Path, again: SimpleNamespace) -> None:
    assert (again.status, again.result["result"]) == (1, "refused")
    assert any("verdicts to test on" in reason for reason in again.result["failed"])
    assert versions.pointer(again.models) == versions.pointer(made)
    assert again.result["version"] in versions.every(again.models)
    assert "stays in force" in again.said


def test_what_was_tested_beside_another_than_the_version_in_force_is_not_published(
    judged: Newsroom, made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(judged.models / versions.VERSIONS)
    fake_models.publish(judged.models / versions.VERSIONS / "another", version="another")
    activate = versions.activate

    def activate_just_after_somebody_else(*arguments: Any, **options: Any) -> Any:
        activate(judged.models, "another")
        return activate(*arguments, **options)

    monkeypatch.setattr(versions, "activate", activate_just_after_somebody_else)
    status, result, _ = judged.run(capsys, "retrain")
    assert (status, result["result"], versions.pointer(judged.models).active) == (1, "refused", "another")


def test_what_is_better_and_cannot_be_put_in_force_is_kept_with_the_command_that_does_it(
    judged: Newsroom, made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    shutil.rmtree(judged.models / versions.VERSIONS)
    monkeypatch.setattr(versions, "_write", full)
    status, result, said = judged.run(capsys, "retrain")
    assert (status, result["result"]) == (1, "refused")
    assert "No space left on device" in result["failed"][0]
    assert versions.every(judged.models) == [result["version"]]
    assert f"model activate {result['version']}" in said


def test_a_run_on_the_same_verdicts_leaves_the_version_in_force_as_it_is(made: Path, again: SimpleNamespace) -> None:
    before, after = (versions.folder(models, versions.pointer(made).active) for models in (made, again.models))
    assert {path.name: path.read_bytes() for path in after.iterdir()} == {path.name: path.read_bytes() for path in before.iterdir()}


def test_a_version_that_cannot_be_written_again_is_still_there(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    version = versions.pointer(newsroom.models).active
    (newsroom.models / versions.VERSIONS / versions.POINTER).unlink()
    moves = iter([os.rename])

    def move_once(source: Path, target: Path) -> None:
        if (move := next(moves, None)) is None:
            raise OSError(28, "No space left on device")
        move(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidate.os, "rename", move_once)
        patch.setattr(candidate.os, "replace", move_once)
        assert newsroom.run(capsys, "retrain", "--since", "all")[0] == 2
    assert versions.verified(newsroom.models, version).version == version


def test_whatever_the_umask_the_service_may_read_a_version(newsroom: Newsroom, tmp_path: Path) -> None:
    learnt = versions.verified(newsroom.models, versions.pointer(newsroom.models).active)
    models = fake_models.publish(tmp_path / "fresh")
    before = os.umask(0o077)
    try:
        name = candidate.write(models, load(models), learnt.scorers[-1], {}, [], "a report of {}".format)
    finally:
        os.umask(before)
    written = [models / "versions", models / "versions" / name, *(models / "versions" / name).iterdir()]
    modes = {path.name: (path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in written}
    assert modes.pop(versions.REPORT) == (False, 0o640)  # it quotes readers: not every account of the machine may read it
    assert set(modes.values()) == {(True, 0o755), (False, 0o644)}


def test_a_version_is_on_the_disk_before_anything_names_it(newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = versions.verified(newsroom.models, versions.pointer(newsroom.models).active)
    models, synced, fsync = fake_models.publish(tmp_path / "fresh"), set(), os.fsync

    def watched(file: int) -> None:
        synced.add(os.fstat(file).st_ino)
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    name = candidate.write(models, load(models), learnt.scorers[-1], {}, [], "a report of {}".format)
    assert synced == {path.stat().st_ino for path in (models / "versions" / name).iterdir()}


def test_thresholds_are_borne_out_by_what_was_tested_and_not_by_what_was_learnt(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    tested = versions.about(versions.folder(newsroom.models, versions.pointer(newsroom.models).active))["figures"]["tested"]
    _, result, _ = newsroom.run(capsys, "thresholds", "--approve-precision", "0.999", "--reject-precision", "0.999")
    assert [one["verdicts"] for one in result["proposals"]] == [tested, tested]


def test_thresholds_are_not_borne_out_by_whom_the_version_did_not_learn_from(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(newsroom.models / versions.VERSIONS)
    _, made, _ = newsroom.run(capsys, "retrain", "--exclude", "moderator=gazette-0-0")  # who gave the last verdict
    _, result, _ = newsroom.run(capsys, "thresholds", "--approve-precision", "0.999", "--reject-precision", "0.999")

    assert made["result"] == "published"
    assert {one["verdicts"] for one in result["proposals"]} == {made["figures"]["tested"]}


def test_a_tested_verdict_that_was_corrected_since_counts_once(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    about = versions.folder(newsroom.models, versions.pointer(newsroom.models).active)
    tested = versions.about(about)["figures"]["tested"]
    rejected, *_, comment = candidate.evidence(about)[0]
    boss = signin.create(newsroom.parts, name="Boss", role=Role.MODERATOR, sites=[], password=None)
    otherwise = Verdict(
        outcome=Outcome.APPROVE if rejected else Outcome.REJECT,
        moderator=boss.name,
        at=datetime.now(UTC),
        reason_code=None if rejected else Rejection.OTHER,
    )
    given = verdicts.correct(newsroom.parts, boss, comment, otherwise)
    _, result, _ = newsroom.run(capsys, "thresholds", "--approve-precision", "0.999", "--reject-precision", "0.999")
    verdicts.undo(newsroom.parts, boss, given.pk)
    assert [one["verdicts"] for one in result["proposals"]] == [tested, tested]


def test_a_shadow_runs_beside_and_decides_nothing(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(newsroom.models / "versions")
    status, result, _ = newsroom.run(capsys, "retrain", "--since", "all", "--shadow")
    pointer = versions.pointer(newsroom.models)

    assert (status, result["result"]) == (0, "shadow")
    assert (pointer.active, pointer.shadow) == (None, result["version"])


def test_no_version_runs_beside_itself(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    before = versions.pointer(newsroom.models)
    status, result, _ = newsroom.run(capsys, "retrain", "--since", "all", "--shadow")

    assert (status, result["result"]) == (2, "unusable")
    assert f"{before.active} is in force" in result["why"]
    assert versions.pointer(newsroom.models) == before


def test_the_report_says_it_all_in_one_file_without_scripts(newsroom: Newsroom) -> None:
    version = versions.pointer(newsroom.models).active
    written = (versions.folder(newsroom.models, version) / versions.REPORT).read_text()

    for title in ("What was decided", "What it learnt from", "gained and lost weight", "disagree", "Words for people", "<svg"):
        assert title in written
    assert "<script" not in written
    assert str(version) in written
    assert "rumour" in written.split("towards rejection")[1].split("</table>")[0]


def test_the_report_quotes_comments_as_they_are_and_draws_nothing_of_verdicts_of_one_kind(tmp_path: Path) -> None:
    shipped = load(fake_models.publish(tmp_path))
    told = sorted(examples(200), key=lambda one: not one.rejected)
    when = datetime(2026, 3, 1, tzinfo=UTC)
    opposite: Any = SimpleNamespace(at=when, first="Ada", said="approve", second="Ben", outcome="reject", text="Which VERSION, {0}?")
    bench = prepare(tmp_path, shipped, shipped, Lessons(tuple(told), (), (opposite,), {}))
    tried = try_out(bench)
    judged = judge(tried, parse(""), {name: check(shipped) for name in ("in force", "candidate")}, ())
    written = page(bench, judged, tried, fit_newsroom(shipped, bench.material, order_alone=True), "2026-03-01-abc")

    assert not tried.rejected.any()
    assert "Which VERSION, {0}?" in written
    assert written.count("2026-03-01-abc") == 2
    assert "There were too few to test on." in written
    assert "nan" not in written


def test_models_that_do_not_rate_toxicity_are_taught_too(
    newsroom: Newsroom, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newsroom, "environ", newsroom.environ | {"MODELS_DIR": str(fake_models.publish_for_spam(tmp_path))})
    status, result, _ = newsroom.run(capsys, "retrain")

    assert (status, result["result"]) == (0, "published")
    assert result["figures"]["auc"]["in force"] == 0.5


def test_thresholds_are_proposed_where_the_verdicts_bear_them_out(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    status, result, said = newsroom.run(capsys, "thresholds", "--approve-precision", "0.6", "--reject-precision", "0.6")
    hold, reject = result["proposals"]

    assert (status, result["result"]) == (0, "proposed")
    assert hold["interval"][0] >= 0.6
    assert reject["interval"][0] >= 0.6
    assert f"[reject]\nlikely_to_reject = {reject['threshold']:.2f}" in said


@pytest.mark.parametrize("site", ["gazette", "the morning.post"])
def test_thresholds_borne_out_by_one_site_are_for_that_site_alone(
    newsroom: Newsroom, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = versions.folder(newsroom.models, versions.pointer(newsroom.models).active) / candidate.EVIDENCE
    evidence.write_text(evidence.read_text().replace('"gazette"', f'"{site}"'))
    precise = ("--approve-precision", "0.6", "--reject-precision", "0.6")
    _, result, said = newsroom.run(capsys, "thresholds", "--site", site, *precise)
    hold, reject = result["proposals"]
    proposed = parse("".join(line + "\n" for line in said.splitlines() if line.startswith(("[", LIKELY_TO_REJECT))))

    assert proposed.for_(site).hold[LIKELY_TO_REJECT] == hold["threshold"]
    assert proposed.for_(site).reject[LIKELY_TO_REJECT] == reject["threshold"]
    assert not {**proposed.default.hold, **proposed.default.reject}


def test_thresholds_are_refused_where_the_verdicts_are_too_few(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    status, result, said = newsroom.run(capsys, "thresholds", "--approve-precision", "0.9996", "--reject-precision", "0.999")
    assert (status, result["result"]) == (1, "refused")
    assert "more" in said
    assert "bear out 99.96% anywhere" in said
    assert "bear out 99.9% anywhere" in said


def test_thresholds_of_a_site_without_verdicts_ask_whether_that_is_its_name(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    status, result, said = newsroom.run(capsys, "thresholds", "--site", "gazete")
    assert (status, result["result"]) == (2, "unusable")
    assert "'gazete'" in said


def test_an_audited_verdict_counts_for_what_it_stands_for_in_what_is_decided(
    newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = versions.folder(newsroom.models, versions.pointer(newsroom.models).active) / candidate.EVIDENCE
    held, audited = [[1.0, 0.9, 1.0, "gazette"]] * 900, [[0.0, 0.1, 20.0, "gazette"]] * 900
    evidence.write_text(json.dumps([*held, *audited]))
    _, result, said = newsroom.run(capsys, "thresholds")

    assert [one["share"] for one in result["proposals"]] == [0.9524, 0.0476]
    assert "100.0% of the comments that these verdicts stand for." in said


def test_thresholds_need_a_model_that_learnt(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(newsroom.models / "versions")
    status, result, _ = newsroom.run(capsys, "thresholds")
    assert (status, result["result"]) == (2, "unusable")
    assert "training retrain" in result["why"]


def test_thresholds_are_not_proposed_by_evidence_that_is_damaged(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = versions.folder(newsroom.models, versions.pointer(newsroom.models).active) / candidate.EVIDENCE
    evidence.write_bytes(evidence.read_bytes()[:50])
    status, result, _ = newsroom.run(capsys, "thresholds")

    assert (status, result["result"]) == (2, "unusable")
    assert str(evidence) in result["why"]


def test_too_few_verdicts_are_refused(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    status, result, said = newsroom.run(capsys, "retrain", "--since", "2026-03-01T05:30")
    assert (status, result["result"]) == (2, "unusable")
    assert "100 are needed" in said


def test_a_database_without_a_verdict_is_not_one_without_a_new_one(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Newsroom(database_url, tmp_path)
    status, result, _ = empty.run(capsys, "retrain")
    empty.parts.engine.dispose()
    assert (status, result["result"]) == (2, "unusable")
    assert "0 rejections and 0 approvals" in result["why"]


def test_since_a_time_of_another_zone_is_since_that_time(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    said = [newsroom.run(capsys, "retrain", "--since", since)[1] for since in ("2026-03-01T05:30", "2026-03-01T07:30+02:00")]
    assert said[0] == said[1]


def test_somebody_can_be_left_out(newsroom: Newsroom) -> None:
    everybody = lessons.read(newsroom.parts.engine)
    without = lessons.read(newsroom.parts.engine, exclude=[("moderator", "gazette-0-1")])

    assert len(without.verdicts) == len(everybody.verdicts) - without.counts["excluded"]
    assert {one.says for one in everybody.verdicts} - {one.says for one in without.verdicts} == {"moderator gazette-0-1"}


def test_leaving_out_somebody_who_said_nothing_is_told(newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, said = newsroom.run(capsys, "retrain", "--exclude", "moderator=gazete-0-1", "--exclude", "site=gazette")

    assert "--exclude moderator=gazete-0-1 leaves nobody out" in said
    assert "--exclude site=gazette" not in said


@pytest.mark.parametrize("command", ["retrain", "thresholds"])
def test_a_fault_of_the_program_is_no_refusal(
    newsroom: Newsroom, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lessons, "read", at_fault)
    status, result, _ = newsroom.run(capsys, command)

    assert (status, result["result"]) == (2, "unusable")


@pytest.mark.parametrize("command", ["retrain", "thresholds"])
def test_a_database_that_is_none_is_said_in_a_sentence(newsroom: Newsroom, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = newsroom.environ
    newsroom.environ = before | {"DATABASE_URL": f"sqlite:///{newsroom.models}/none.db"}
    status, result, said = newsroom.run(capsys, command)
    newsroom.environ = before
    assert (status, result["result"]) == (2, "unusable")
    assert "DATABASE_URL" in said


@pytest.mark.parametrize(
    "words",
    [
        ["retrain", "--exclude", "Kim"],
        ["retrain", "--exclude", "reader=Kim"],
        ["retrain", "--since", "soon"],
        ["retrain", "--trust", "site=gazette"],
        ["thresholds", "--approve-precision", "high"],
        ["thresholds", "--reject-precision", "1.5"],
    ],
)
def test_an_option_that_makes_no_sense_is_refused(newsroom: Newsroom, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        newsroom.run(capsys, *words)
    assert refused.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_a_comments_text_is_not_in_what_is_said(again: SimpleNamespace) -> None:
    assert "example.org" not in again.said


@pytest.mark.parametrize("words", [("retrain", "--since", "all"), ("thresholds",)])
def test_nor_where_the_program_has_a_fault(
    newsroom: Newsroom, words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object, **__: object) -> None:
        float(GOOD)  # Python's own words: could not convert string to float: '...'

    monkeypatch.setattr(lessons, "read", cannot)
    status, result, said = newsroom.run(capsys, *words)
    assert (status, result["why"].partition(";")[0]) == (2, "a fault of the program (ValueError)")
    assert ("in cannot" in said, "example.org" in said) == (True, False)


@pytest.mark.parametrize(
    ("attribute", "label"), [("SPAM", "spam"), ("TOXICITY@6", "toxicity"), ("INSULT_EXPERIMENTAL", "insult"), ("TOXICITY_FAST", "toxicity")]
)
def test_a_suggested_score_is_a_lesson_by_whichever_of_its_names(few: Newsroom, attribute: str, label: str) -> None:
    told = {"language": "en", "community_id": None, "client_token": "t", "context": {}}
    with writing(few.parts.engine) as db:
        suggestions.add(db, [Suggestion(site="gazette", text="Buy now.", attribute=attribute, value=0.9, **told)], None)
    (suggested,) = lessons.read(few.parts.engine).others
    assert (suggested.input.text, dict(suggested.labels), suggested.says) == ("Buy now.", {label: 0.9}, "token t")


def test_whoever_suggested_a_score_can_be_left_out(few: Newsroom) -> None:
    told = {"text": "Buy now.", "attribute": "SPAM", "value": 0.9, "language": "en", "client_token": None, "context": {}}
    with writing(few.parts.engine) as db:
        suggestions.add(db, [Suggestion(site="gazette", community_id="The Gazette", **told)], None)
    without = lessons.read(few.parts.engine, exclude=[("token", "The Gazette")])
    assert (without.others, without.unheard) == ((), ())


def test_what_a_community_suggests_is_of_one_client_though_each_request_has_a_token_of_its_own(few: Newsroom) -> None:
    told = {"attribute": "TOXICITY", "value": 0.0, "language": "en", "community_id": "Coral:https://gazette.example", "context": {}}
    with writing(few.parts.engine) as db:
        some = [Suggestion(site="gazette", text=f"How rude {n}.", client_token=f"comment:{n}", **told) for n in range(3)]
        suggestions.add(db, some, None)
    assert [one.says for one in lessons.read(few.parts.engine).others] == ["token Coral:https://gazette.example"] * 3


def test_a_suggestion_of_what_is_no_attribute_of_ours_is_no_lesson(few: Newsroom) -> None:
    told = {"language": "en", "community_id": None, "client_token": "t", "context": {}}
    with writing(few.parts.engine) as db:
        suggestions.add(db, [Suggestion(site="gazette", text="Nice.", attribute="FLIRTATION", value=0.9, **told)], None)
    assert lessons.read(few.parts.engine).others == ()


def test_an_author_of_a_lesson_is_of_one_site(few: Newsroom) -> None:
    sent = [Comment(site=site, id="1", text=GOOD, author=Author(id="a1")) for site in ("gazette", "herald")]
    for done in moderation.moderate(few.parts, sent):
        said = Verdict(outcome=Outcome.APPROVE, moderator="gazette-0-2", at=datetime.now(UTC))
        verdicts.give(few.parts, person(few, "gazette-0-2"), done.comment.pk, said)
    one, other = lessons.read(few.parts.engine).verdicts[3:]
    assert one.author != other.author


def test_a_lesson_knows_what_it_answers_also_where_only_the_text_was_told(few: Newsroom) -> None:
    (done,) = moderation.moderate(few.parts, [Comment(site="gazette", id="1", text=GOOD, parent=Parent(text="What next?"))])
    said = Verdict(outcome=Outcome.APPROVE, moderator="gazette-0-2", at=datetime.now(UTC))
    verdicts.give(few.parts, person(few, "gazette-0-2"), done.comment.pk, said)
    assert lessons.read(few.parts.engine).verdicts[3].input.parent == Parent(text="What next?")


def test_of_a_text_the_newest_suggestion_of_its_site_is_the_lesson(few: Newsroom) -> None:
    told = {"language": "en", "community_id": None, "client_token": "t", "context": {}}
    said = [("gazette", 0.1), ("gazette", 0.9), ("herald", 0.2)]
    with writing(few.parts.engine) as db:
        suggestions.add(db, [Suggestion(site=site, text="Buy.", attribute="SPAM", value=value, **told) for site, value in said], None)
    assert sorted((one.site, one.labels["spam"]) for one in lessons.read(few.parts.engine).others) == [("gazette", 0.9), ("herald", 0.2)]


def test_moderators_disagree_where_one_turns_anothers_verdict_round(few: Newsroom) -> None:
    people = [person(few, f"gazette-0-{number}") for number in range(3)]
    approves, rejects = ({"outcome": Outcome.APPROVE}, {"outcome": Outcome.REJECT, "reason_code": Rejection.OTHER})

    def judged(id: str, *said: tuple[Moderator, dict[str, Any]]) -> int:
        (done,) = moderation.moderate(few.parts, [Comment(site="gazette", id=id, text=f"{GOOD} {id}")])
        for number, (who, what) in enumerate(said):
            judge = verdicts.correct if number else verdicts.give
            judge(few.parts, who, done.comment.pk, Verdict(moderator=who.name, at=datetime.now(UTC), **what))
        return int(done.comment.pk)

    judged("turned", (people[0], approves), (people[1], rejects))
    judged("turned-later", (people[1], rejects), (people[2], approves))
    judged("her-own", (people[0], approves), (people[0], rejects))
    judged("another-reason", (people[0], rejects), (people[1], rejects | {"reason_code": Rejection.SPAM}))
    chief = signin.create(few.parts, name="Chief", role=Role.ADMIN, sites=[], password=None)
    verdicts.undo_of(few.parts, chief, judged("undone", (people[0], approves)))
    verdicts.undo_of(few.parts, chief, judged("taken-back", (people[0], approves), (people[1], rejects)))
    told = [(one.text.split()[-1], one.first, one.second, one.outcome) for one in lessons.read(few.parts.engine).disagreed]
    assert told == [
        ("turned-later", "gazette-0-1", "gazette-0-2", "approve"),
        ("turned", "gazette-0-0", "gazette-0-1", "reject"),
    ]


def test_a_lesson_knows_its_section(few: Newsroom) -> None:
    (done,) = moderation.moderate(few.parts, [Comment(site="gazette", id="1", text=GOOD, section="sport")])
    said = Verdict(outcome=Outcome.APPROVE, moderator="gazette-0-2", at=datetime.now(UTC))
    verdicts.give(few.parts, person(few, "gazette-0-2"), done.comment.pk, said)
    assert [one.section for one in lessons.read(few.parts.engine).verdicts] == [None, None, None, "sport"]


def test_a_lesson_on_an_edited_comment_is_the_text_that_was_judged(few: Newsroom) -> None:
    for text in ("How rude.", GOOD):
        (done,) = moderation.moderate(few.parts, [Comment(site="gazette", id="1", text=text)])
    said = Verdict(outcome=Outcome.APPROVE, moderator="gazette-0-2", at=datetime.now(UTC))
    verdicts.give(few.parts, person(few, "gazette-0-2"), done.comment.pk, said)
    assert [one.input.text for one in lessons.read(few.parts.engine).verdicts][3:] == [GOOD]


def test_an_undone_verdict_is_no_lesson(few: Newsroom) -> None:
    (undone,) = verdicts.undo_move(few.parts, person(few, "gazette-0-2"))
    assert [one.verdict for one in lessons.read(few.parts.engine).verdicts] == [undone.about - 2, undone.about - 1]


def test_the_versions_name_the_shipped_models_that_they_stand_on(newsroom: Newsroom) -> None:
    version = versions.pointer(newsroom.models).active
    manifest = json.loads((versions.folder(newsroom.models, version) / "manifest.json").read_text())
    assert manifest["newsroom"]["shipped"] == fake_models.VERSION
    assert {file["name"] for file in manifest["files"]} == {"fake.joblib", "newsroom.joblib"}


def test_an_article_of_a_lesson_is_what_the_model_is_shown(newsroom: Newsroom) -> None:
    first = lessons.read(newsroom.parts.engine).verdicts[0]
    assert first.input.article is not None
    assert isinstance(first.input.article, Article)
    assert first.input.site == "gazette"
