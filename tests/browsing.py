"""A real browser in the moderators' room."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_models
import pytest
from conftest import Caller, listening, make_caller
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from room import PASSWORD
from werkzeug.serving import make_server

from service import create_app, signin
from service.config import Config
from service.domain import Role
from service.storage.engine import migrate

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 10_000
expect.set_options(timeout=PATIENCE)  # as for what is clicked: in five seconds a busy machine may not have shown the next page
POLICY = '[hold]\ntoxicity = 0.6\n[words]\nsuspect = ["swindler"]\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs Chromium, and there is no {CHROMIUM}")
        pytest.skip(f"no Chromium at {CHROMIUM}; apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def served(tmp_path: Path) -> Flask:
    """On SQLite alone: what a browser shows does not depend on the database."""
    (tmp_path / "policy.toml").write_text(POLICY)
    environ = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/comments.db",
        "MODELS_DIR": str(fake_models.publish(tmp_path / "models")),
        "POLICY_FILE": str(tmp_path / "policy.toml"),
        "SECRET_KEY": "s" * 32,
        "SECURE_COOKIES": "no",
        "RATE_LIMIT": "1000000/second",
    }
    made = create_app(Config.from_environ(environ))
    migrate(made.extensions["parts"].engine)
    for name in ("Ada", "Ben"):
        signin.create(made.extensions["parts"], name=name, role=Role.MODERATOR, sites=["gazette"], password=PASSWORD)
    return made


@pytest.fixture
def address(served: Flask) -> Iterator[str]:
    with listening(make_server("127.0.0.1", 0, served, threaded=True)) as address:
        yield address
    served.extensions["parts"].engine.dispose()


@pytest.fixture
def cms(served: Flask) -> Caller:
    return make_caller(served, "gazette")


def fill(cms: Caller, count: int) -> None:
    article = {"id": "trains", "title": "Night trains are back", "text": "The council voted for night trains."}
    sent = [
        {
            "id": f"c{n}",
            "text": f"A rude remark, number {n}.",
            "article": article,
            "author": {"id": f"a{n}", "name": f"Reader {n}"},
            "section": "news",
        }
        for n in range(count)
    ]
    assert cms.post("/v1/comments:batch", {"comments": sent}).status_code == 200


def enter(browser: Browser, address: str, name: str = "Ada", **context: Any) -> Page:
    """A browser of its own, signed in; whatever goes wrong in its scripts fails the test."""
    page = browser.new_context(base_url=address, **context).new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: pytest.fail(f"the page's script failed: {error}"))
    page.goto("/review/")
    sign_in(page, name)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.wait_for_load_state()  # and with it the page's script: a key that is pressed before is lost
    return page


def sign_in(page: Page, name: str = "Ada") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    """In another tab; a cookie that a late answer sets again opens nothing."""
    other = page.context.new_page()
    other.goto("/review/")
    other.locator("details.menu summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    other.close()


def look_again(page: Page) -> None:
    """At what others do, as a page whose clock was installed would in ten seconds."""
    with page.expect_response(re.compile("/live")):
        page.clock.fast_forward(10_000)


def states(cms: Caller, count: int) -> list[str]:
    return [cms.get(f"/v1/comments/c{n}").get_json()["comment"]["state"] for n in range(count)]
