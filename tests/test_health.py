"""Is it alive, is it ready, and what has it done."""

import re
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fake_models
import pytest
from conftest import Caller, make_caller
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from service import versions
from service.served import Served

ROOT = Path(__file__).parent.parent


def figure(caller: Caller, name: str, **labels: str) -> float:
    page = caller.get("/metrics")
    assert page.status_code == 200
    samples = [one for family in text_string_to_metric_families(page.get_data(as_text=True)) for one in family.samples]
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


@pytest.fixture
def unplug(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def now() -> None:
        engine.dispose()
        monkeypatch.setattr(engine.dialect, "connect", refuse)

    return now


def test_it_is_alive_without_its_database(stranger: Caller, unplug: Callable[[], None]) -> None:
    unplug()
    assert stranger.get("/healthz").get_json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/readyz", "/openapi.json"])
def test_an_upgrade_on_disk_changes_nothing_in_a_running_service(stranger: Caller, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def replaced(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", replaced)
    assert stranger.get(path).status_code == 200


def test_an_upgrade_on_disk_leaves_a_running_service_ready(stranger: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stranger.get("/readyz")
    monkeypatch.setattr("service.storage.engine.MIGRATIONS", tmp_path)
    assert stranger.get("/readyz").status_code == 200


def test_it_is_ready_and_says_with_what(stranger: Caller) -> None:
    answer = stranger.get("/readyz")
    facts = answer.get_json()
    assert answer.status_code == 200
    assert facts.pop("policy_version")
    assert facts == {"status": "ok", "database": "ok", "version": version("comment-moderation"), "model_version": fake_models.VERSION}


def test_it_is_not_ready_without_its_database(stranger: Caller, unplug: Callable[[], None]) -> None:
    unplug()
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "does not answer")


def test_it_is_not_ready_on_tables_of_another_version(stranger: Caller, engine: Engine) -> None:
    with engine.begin() as db:
        before = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        db.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    try:
        answer = stranger.get("/readyz")
    finally:
        with engine.begin() as db:
            db.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
    assert answer.status_code == 503
    assert "where they are older, run `flask --app service migrate`" in answer.get_json()["database"]


def test_whether_it_is_ready_is_a_figure_too(stranger: Caller, unplug: Callable[[], None]) -> None:
    found = [figure(stranger, "moderation_ready")]
    unplug()
    assert [*found, figure(stranger, "moderation_ready")] == [1, 0]


def test_what_is_in_force_is_a_figure_too(stranger: Caller) -> None:
    facts = stranger.get("/readyz").get_json()
    told = {name: facts[name] for name in ("version", "model_version", "policy_version")}
    assert figure(stranger, "moderation_info", model_beside="", **told) == 1


@pytest.mark.parametrize("file", ["README.md", "docs/alerts.yml"])
def test_each_figure_that_the_documentation_names_is_there(stranger: Caller, file: str) -> None:
    named = set(re.findall(r"\bmoderation_[a-z_]+", (ROOT / file).read_text(encoding="utf-8")))
    there = set(re.findall(r"\bmoderation_[a-z_]+", stranger.get("/metrics").text))
    assert named <= there


def test_the_first_fault_is_a_rise(app: Flask) -> None:
    unheard = make_caller(app, "unheard")
    page = unheard.get("/metrics").text
    assert 'moderation_decisions_total{outcome="reject",site="unheard"} 0.0' in page
    assert 'moderation_comments_refused_total{site="unheard"} 0.0' in page
    assert 'moderation_requests_total{route="/v1/webhooks/<name>",status="500"}' in page


@pytest.mark.parametrize("sent", [{"id": "c1", "txt": "Well said."}, {"id": "c1", "text": "Well said.", "site": "herald"}])
@pytest.mark.parametrize("in_a_list", [False, True])
def test_a_comment_that_is_not_taken_is_counted(gazette: Caller, sent: dict[str, str], in_a_list: bool) -> None:
    before = figure(gazette, "moderation_comments_refused_total", site="gazette")
    if in_a_list:
        gazette.post("/v1/comments:batch", {"comments": [sent, {"id": "c2", "text": "Well said."}]})
    else:
        gazette.post("/v1/comments", sent)
    assert figure(gazette, "moderation_comments_refused_total", site="gazette") == before + 1


def test_a_version_that_does_not_verify_is_counted(stranger: Caller, models_dir: Path, tmp_path: Path) -> None:
    before = figure(stranger, "moderation_models_refused_total")
    models = Path(shutil.copytree(models_dir, tmp_path / "models"))
    served = Served(models)
    (models / versions.VERSIONS).mkdir()
    (models / versions.VERSIONS / versions.POINTER).write_text("{}")
    served.refresh()
    assert figure(stranger, "moderation_models_refused_total") == before + 1


def test_decisions_are_counted_by_site_and_outcome(gazette: Caller, herald: Caller) -> None:
    def count(site: str, outcome: str) -> float:
        return figure(gazette, "moderation_decisions_total", site=site, outcome=outcome)

    before = count("gazette", "hold"), count("gazette", "approve"), count("herald", "hold")
    gazette.comment("c1", "How rude.")
    gazette.comment("c2", "Well said.")
    assert (count("gazette", "hold"), count("gazette", "approve"), count("herald", "hold")) == (before[0] + 1, before[1] + 1, before[2])


@pytest.mark.parametrize(
    ("text", "reason", "more"),
    [("How rude.", "toxicity", 1), ("A vile thing.", "toxicity", 0), ("An unscorable thing.", "scoring_failed", 1)],
)
def test_reasons_are_counted_of_what_is_held_alone(gazette: Caller, text: str, reason: str, more: int) -> None:
    before = figure(gazette, "moderation_holds_total", site="gazette", reason=reason)
    gazette.comment("c1", text)
    assert figure(gazette, "moderation_holds_total", site="gazette", reason=reason) == before + more


def test_a_repeat_is_not_counted_again(gazette: Caller) -> None:
    gazette.comment("c1", "How rude.")
    before = figure(gazette, "moderation_decisions_total")
    gazette.comment("c1", "How rude.")
    assert figure(gazette, "moderation_decisions_total") == before


def test_scoring_is_timed_and_its_failures_are_counted(gazette: Caller) -> None:
    names = "moderation_scoring_seconds_count", "moderation_scoring_failures_total"
    before = [figure(gazette, name) for name in names]
    gazette.comment("c1", "An unscorable thing.")
    assert [figure(gazette, name) for name in names] == [before[0] + 1, before[1] + 1]


def test_requests_are_counted_by_route_and_not_by_address(gazette: Caller) -> None:
    before = figure(gazette, "moderation_requests_total", route="/v1/comments/<name:id>", status="404")
    gazette.get("/v1/comments/one")
    gazette.get("/v1/comments/two")
    assert figure(gazette, "moderation_requests_total", route="/v1/comments/<name:id>", status="404") == before + 2
    gazette.get("/wp-login.php")
    assert figure(gazette, "moderation_requests_total", route="(none)", status="404") > 0


def test_the_queue_says_how_many_wait_and_how_long(gazette: Caller, herald: Caller, engine: Engine) -> None:
    gazette.comment("c1", "How rude.")
    gazette.comment("c2", "Well said.")
    with engine.begin() as db:
        db.execute(text("UPDATE queue SET waiting_since = '2026-01-01 00:00:00+00:00'"))
    assert figure(herald, "moderation_queue_comments", site="gazette") == 1
    assert figure(herald, "moderation_queue_age_seconds", site="gazette") > 86_400


def test_what_came_by_a_clock_that_is_ahead_has_waited_for_no_time(gazette: Caller, engine: Engine) -> None:
    gazette.comment("c1", "How rude.")
    with engine.begin() as db:
        db.execute(text("UPDATE queue SET waiting_since = '2199-01-01 00:00:00+00:00'"))
    assert figure(gazette, "moderation_queue_age_seconds", site="gazette") == 0


def test_an_old_comment_that_an_edit_has_held_waits_since_then(gazette: Caller, engine: Engine) -> None:
    gazette.comment("c1", "Well said.")
    with engine.begin() as db:
        db.execute(text("UPDATE comments SET received_at = '2026-01-01 00:00:00+00:00'"))
    gazette.comment("c1", "How rude.")
    assert 0 <= figure(gazette, "moderation_queue_age_seconds", site="gazette") < 3_600


def test_an_edit_that_is_approved_leaves_the_queue(gazette: Caller) -> None:
    gazette.comment("c1", "How rude.")
    gazette.comment("c1", "Well said.")
    assert figure(gazette, "moderation_queue_comments", site="gazette") == 0


def test_the_other_figures_stay_without_the_database(stranger: Caller, unplug: Callable[[], None]) -> None:
    unplug()
    assert figure(stranger, "moderation_requests_total") > 0


@pytest.mark.parametrize(("sent", "status"), [({}, 401), ({"Authorization": "Bearer no"}, 401), ({"Authorization": "Bearer tokén"}, 200)])
def test_metrics_may_ask_for_a_token(new_app: Callable[..., Flask], sent: dict[str, str], status: int) -> None:
    stranger = Caller(new_app(METRICS_TOKEN="tokén"))
    assert stranger.call("GET", "/metrics", sent).status_code == status
