"""The moderators' room in a real browser: by key, by mouse, by two people at once, on a phone, and for people who listen to it."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_models
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Caller, make_caller
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from room import PASSWORD
from werkzeug.serving import make_server

from service import create_app, signin
from service.config import Config
from service.domain import Role
from service.storage.engine import migrate

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
POLICY = '[hold]\ntoxicity = 0.6\n[words]\nsuspect = ["swindler"]\n'

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


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
def app(tmp_path: Path) -> Flask:
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
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["parts"].engine.dispose()


@pytest.fixture
def cms(app: Flask) -> Caller:
    return make_caller(app, "gazette")


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
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: pytest.fail(f"the page's script failed: {error}"))
    page.goto("/review/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.wait_for_load_state()  # and with it the page's script: a key that is pressed before is lost
    return page


def states(cms: Caller, count: int) -> list[str]:
    return [cms.get(f"/v1/comments/c{n}").get_json()["comment"]["state"] for n in range(count)]


def test_twenty_comments_by_key_alone(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 26)
    page = enter(browser, address)
    for number in range(20):
        expect(page.locator(".card.current")).to_have_count(1)
        if number % 4 == 3:
            page.keyboard.press("r")
            page.keyboard.press("5")
        else:
            page.keyboard.press("a")
        expect(page.locator(".card.done")).to_have_count(number + 1)
    expect(page.locator("#waiting")).to_have_text("6")
    expect(page.locator(".card.current")).to_have_count(1)  # the next page was fetched
    found = states(cms, 26)
    assert (found.count("approve"), found.count("reject"), found.count("hold")) == (15, 5, 6)


def test_undo_and_notes_and_steps_by_key(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    first = page.locator(".card").first
    page.keyboard.press("a")
    expect(first).to_have_class("card done")
    page.keyboard.press("u")
    expect(first).to_have_class("card current")
    page.keyboard.press("j")
    expect(page.locator(".card").nth(1)).to_have_class("card current")
    page.keyboard.press("k")
    page.keyboard.press("n")
    page.keyboard.type("Ask a colleague: j, k, a")
    page.get_by_role("button", name="Keep the note").first.click()
    expect(first.locator(".notes")).to_contain_text("Ask a colleague: j, k, a")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert states(cms, 3) == ["hold"] * 3


def test_a_comment_that_was_edited_meanwhile_is_shown_anew_and_can_be_judged(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    comment = page.locator(".card.current").get_attribute("data-comment")
    card = page.locator(f"#card-{comment}")
    id = f"c{(card.locator('.text').text_content() or '').split('number ')[1][0]}"
    cms.comment(id, "A rude remark, edited.")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("edited")
    expect(card.locator(".text")).to_have_text("A rude remark, edited.")
    expect(card.get_by_role("checkbox", name="Select")).to_be_visible()
    page.keyboard.press("a")
    expect(card).to_have_class("card done")
    assert cms.get(f"/v1/comments/{id}").get_json()["comment"]["state"] == "approve"


def test_stepping_goes_on_to_the_end_of_the_queue(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 45)
    page = enter(browser, address)
    for number in range(45):
        expect(page.locator(".card").nth(number)).to_have_class("card current")
        page.keyboard.press("j")
    expect(page.locator(".card")).to_have_count(45)


def test_a_step_past_the_last_card_waits_for_the_next_ones(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 25)
    page = enter(browser, address)
    asked: list[Route] = []
    page.route(re.compile(r"/review/\?"), lambda route: asked.append(route))
    for _ in range(20):
        page.keyboard.press("j")
    expect(page.locator(".card").nth(19)).to_have_class("card current")
    asked[0].continue_()
    expect(page.locator(".card").nth(20)).to_have_class("card current")


def test_a_selected_comment_that_is_judged_alone_is_selected_no_more(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    for box in page.get_by_role("checkbox", name="Select").all():
        box.check()
    page.locator(".card button.approve").first.click()
    expect(page.get_by_role("form", name="The selected comments")).to_contain_text("2 selected")


def test_what_is_said_does_not_lie_over_the_selections_buttons(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 12)
    page = enter(browser, address, viewport={"width": 390, "height": 700})
    for box in page.get_by_role("checkbox", name="Select").all()[:2]:
        box.check()
    page.locator(".card button.approve").nth(2).click()
    said = page.locator("#said")
    expect(said).not_to_be_empty()
    told, bar = said.bounding_box(), page.locator("#bulk").bounding_box()
    assert told is not None
    assert bar is not None
    assert told["y"] + told["height"] <= bar["y"]


def test_what_is_being_written_outlives_the_session(browser: Browser, address: str, app: Flask, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.locator("details.note summary").click()
    page.get_by_label("For your colleagues").fill("Half a thought")
    signin.disable(app.extensions["parts"], "Ada")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#said")).to_contain_text("Your session is over")
    expect(page.get_by_label("For your colleagues")).to_have_value("Half a thought")


def test_a_session_that_is_over_leads_to_the_door(browser: Browser, address: str, app: Flask, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    signin.disable(app.extensions["parts"], "Ada")
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_reject_by_mouse_with_a_reason_and_a_word_to_the_author(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.locator("details.reject summary").click()
    page.get_by_label("For the author").fill("Please stay civil.")
    page.get_by_role("button", name="Harassment").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    told = cms.get("/v1/comments/c0").get_json()["verdicts"][0]
    assert (told["reason_code"], told["explanation"]) == ("harassment", "Please stay civil.")


def test_a_selection_and_a_filter(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 4)
    cms.comment("w", "What a swindler.", author={"id": "w"})
    page = enter(browser, address)
    page.locator("select[name=reason]").select_option("suspect_word")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card mark")).to_have_text("swindler")
    page.goto("/review/?reason=toxicity")
    for box in page.get_by_role("checkbox", name="Select").all()[:3]:
        box.check()
    bulk = page.get_by_role("form", name="The selected comments")
    expect(bulk).to_contain_text("3 selected")
    bulk.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved: 3 of 3")
    assert states(cms, 4).count("approve") == 3


def test_two_people_do_not_get_in_each_others_way(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    ben = enter(browser, address, "Ben")
    expect(ben.locator(".card")).to_have_count(2)
    mine = ben.locator(".card.current")
    ada = enter(browser, address)
    expect(ada.locator(".card")).to_have_count(1)  # the other one is Ben's
    comment = mine.get_attribute("data-comment")
    ada.goto(f"/review/comments/{comment}")
    expect(ada.get_by_text("Ben is reading this")).to_be_visible()
    expect(ada.get_by_role("button", name="Approve")).to_have_count(0)
    ben.keyboard.press("a")
    expect(ben.locator(".card.done")).to_have_count(1)
    ada.reload()
    expect(ada.get_by_text("Ben approved it")).to_be_visible()


def test_without_scripts(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address, java_script_enabled=False)
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_text("Approved.")).to_be_visible()
    page.locator("details.reject summary").click()
    page.get_by_role("button", name="Threat").click()
    expect(page.get_by_text("Rejected.")).to_be_visible()
    assert sorted(states(cms, 2)) == ["approve", "reject"]


def test_what_a_reader_writes_never_runs(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("x", "rude <img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>")
    page = enter(browser, address)
    expect(page.locator(".card .text")).to_contain_text("<script>")
    assert page.title() == "Queue · Comment moderation"
    assert page.locator(".card img, .card script").count() == 0


@pytest.mark.parametrize("look", ["light", "dark", "phone", "large"])
def test_axe_finds_nothing_on_any_page(browser: Browser, address: str, cms: Caller, look: str) -> None:
    fill(cms, 3)
    cms.comment("w", "What a swindler, says he.", author={"id": "w"}, parent={"text": "What came before."})
    context: dict[str, Any] = {"color_scheme": "dark" if look == "dark" else "light"}
    if look == "phone":
        context |= {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = enter(browser, address, **context)
    assert_accessible(page)
    if look == "large":
        page.locator("details.menu summary").click()
        page.get_by_label("Large type").check()
        page.get_by_label("Blur comments").check()
        page.get_by_role("button", name="Apply").click()
        assert "blur" in page.locator(".card .text").nth(2).evaluate("element => getComputedStyle(element).filter")
        assert_accessible(page)
        return
    page.locator("details.reject summary").first.click()
    assert_accessible(page)
    page.get_by_role("button", name="Spam").first.click()
    expect(page.locator(".card.done")).to_have_count(1)
    assert_accessible(page)
    for path in (
        "recent",
        "recent?who=everybody",
        "overview",
        "help",
        "comments/1",
        "comments/2",
        "comments/99",
        "?q=nothing",
        "band?article=1&low=0.5",
        "deliveries",
        "models",
    ):
        page.goto(f"/review/{path}")
        assert_accessible(page)
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{path} is wider than the screen"
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert_accessible(page)


def test_nothing_of_a_readers_is_wider_than_a_small_screen(browser: Browser, address: str, cms: Caller) -> None:
    long = "n" * 200
    article = {"id": long, "title": f"{long}title", "text": long * 3}
    cms.comment("x" * 200, f"rude {long}", article=article, author={"id": long, "name": long}, section=long, parent={"text": long})
    page = enter(browser, address, viewport={"width": 320, "height": 640})
    page.locator("summary", has_text="Note").click()
    page.get_by_label("For your colleagues").fill(long)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".notes")).to_be_visible()
    widths = {path: width_beyond_screen(page, path) for path in ("", f"?author={long}", "band?article=1&low=0.5", "comments/1")}
    page.goto("/review/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    widths |= {path: width_beyond_screen(page, path) for path in ("recent?who=everybody", "overview", "deliveries", "models")}
    assert widths == dict.fromkeys(widths, 0)


def width_beyond_screen(page: Page, path: str) -> int:
    page.goto(f"/review/{path}")
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()
