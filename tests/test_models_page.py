"""What the moderators' room tells of the models."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fake_models
import pytest
from conftest import make_caller
from flask import Flask
from room import Visitor, make_moderator
from sqlalchemy import update

from service import versions
from service.storage.engine import writing
from service.storage.tables import shadow_decisions


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A version beside the shipped models that finds what is rude worse, with a report."""
    folder = fake_models.publish(tmp_path / "models")
    fake_models.publish_stricter(folder / "versions" / "strict", "strict")
    (folder / "versions" / "strict" / versions.REPORT).write_text("<!doctype html><title>strict</title><p>A report.</p>")
    return folder


@pytest.fixture
def app(new_app: Callable[..., Flask], models: Path) -> Flask:
    return new_app(MODELS_DIR=str(models))


@pytest.fixture
def editor(app: Flask) -> Visitor:
    """A moderator of every site."""
    return make_moderator(app, "Edith")


def test_without_a_shadow_the_page_says_so(editor: Visitor) -> None:
    page = editor.page("/review/models")
    assert f"<strong>{fake_models.VERSION}</strong>" in page
    assert "No other version runs beside it" in page
    assert "/review/models" in editor.page("/review/overview")


def test_a_shadow_is_recorded_and_changes_nothing(app: Flask, editor: Visitor, models: Path) -> None:
    versions.run_beside(models, "strict")
    app.extensions["parts"].served.refresh()
    gazette = make_caller(app, "gazette")
    rude, fine = gazette.comment("1", "A rude remark."), gazette.comment("2", "A fine remark.")
    page = editor.page("/review/models")

    assert (rude["decision"], fine["decision"], rude["model_version"]) == ("hold", "approve", fake_models.VERSION)
    assert "Of 2 comments in 7 days, 1 would have been decided otherwise." in page
    assert "A rude remark." in page
    assert "A fine remark." not in page


@pytest.mark.parametrize("changed", [{"model_version": "earlier"}, {"at": datetime.now(UTC) - timedelta(days=8)}])
def test_what_another_shadow_said_or_long_ago_is_not_counted(app: Flask, editor: Visitor, models: Path, changed: dict[str, Any]) -> None:
    versions.run_beside(models, "strict")
    app.extensions["parts"].served.refresh()
    make_caller(app, "gazette").comment("1", "A rude remark.")
    with writing(app.extensions["parts"].engine) as db:
        db.execute(update(shadow_decisions).values(changed))
    assert "A rude remark." not in editor.page("/review/models")


def test_a_shadow_that_fails_changes_nothing(app: Flask, models: Path) -> None:
    versions.run_beside(models, "strict")
    app.extensions["parts"].served.refresh()
    assert make_caller(app, "gazette").comment("1", "A shadowbreaking remark.")["decision"] == "approve"


def test_another_sites_moderator_sees_neither_comments_nor_their_number_nor_reports(app: Flask, models: Path) -> None:
    versions.run_beside(models, "strict")
    app.extensions["parts"].served.refresh()
    make_caller(app, "gazette").comment("1", "A rude remark.")
    stranger = make_moderator(app, "Harriet", "herald")

    page = stranger.page("/review/models")
    assert ("A rude remark." in page, "Nothing was compared in these 7 days." in page) == (False, True)
    assert stranger.get("/review/models/strict/report").status_code == 403


def test_a_report_is_shown_and_can_run_nothing(editor: Visitor) -> None:
    answer = editor.get("/review/models/strict/report")
    assert "A report." in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_report_that_the_service_may_not_read_is_said(editor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    answer = editor.get("/review/models/strict/report")
    assert (answer.status_code, "The service may not read this report" in answer.text) == (403, True)


@pytest.mark.parametrize("version", ["none", "..", "in-force.json", "%2e%2e"])
def test_a_report_of_no_version_is_not_found(editor: Visitor, version: str) -> None:
    assert editor.get(f"/review/models/{version}/report").status_code == 404


@pytest.mark.parametrize("days", ["8", "x"])
def test_a_window_is_one_of_three(editor: Visitor, days: str) -> None:
    assert editor.get("/review/models", days=days).status_code in (200, 422)
