"""The moderators' pages in a real browser, for people who listen to them: what is read out, and where the focus goes."""

import re

import pytest
from browsing import enter, fill, look_again
from conftest import Caller
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.parametrize("path", ["", "comments/1", "band?article=1&low=0.5"])
def test_a_card_that_is_turned_to_is_read_out_with_its_text(browser: Browser, address: str, cms: Caller, path: str) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.goto(f"/review/{path}")
    card = page.get_by_role("article", name="A comment on: Night trains are back")
    expect(card).to_have_accessible_description("A rude remark, number 0.")


def test_what_was_done_to_a_selection_is_read_out(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    for key in "xjx":
        page.keyboard.press(key)
    page.add_init_script("addEventListener('load', () => { window.early = document.querySelector('#said').textContent; });")
    page.locator("#bulk button.approve").click()
    expect(page.locator("#said")).to_have_text("Approved: 2 of 2.")
    assert page.evaluate("early") == ""  # what a page comes with is no news, and read out by nobody


def test_a_comment_that_is_decided_meanwhile_keeps_the_focus_and_says_so_once(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.clock.install()
    with page.expect_response(re.compile("/claim")):
        page.reload()
    page.locator(".card.current button.approve").focus()
    cms.comment("c0", "Quite nice.", author={"id": "a0"})
    cms.comment("c1", "Quite nice.", author={"id": "a1"})
    look_again(page)
    expect(page.locator("#card-1")).to_be_focused()
    expect(page.locator("#said")).to_have_text("This is decided already.")
    page.clock.fast_forward(5_000)
    expect(page.locator("#said")).to_be_empty()
    look_again(page)
    expect(page.locator("#said")).to_be_empty()


def test_escape_leaves_the_focus_at_what_it_closed_on_a_decided_comments_page(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "Quite nice.")
    page = enter(browser, address)
    page.goto("/review/comments/1")
    for name in ("reject", "note"):
        summary = page.locator(f"details.{name} summary")
        summary.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(page.locator("details[open]")).to_have_count(0)
        expect(summary).to_be_focused()
