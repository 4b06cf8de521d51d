"""The moderators' room on a bad day: answers that are late or lost, edits in the middle, other keyboards, small screens, paper."""

import re

import pytest
from browsing import enter, fill, states
from conftest import Caller
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_an_undo_takes_back_the_verdict_whose_answer_is_late(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.keyboard.press("a")
    expect(page.locator(".card.done")).to_have_count(1)
    late: list[Route] = []
    page.route(re.compile("/verdict"), lambda route: late.append(route))
    with page.expect_request(re.compile("/verdict")):
        page.keyboard.press("a")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_have_text("The service has not answered yet.")
    page.keyboard.press("u")
    page.wait_for_timeout(200)
    late[0].continue_()
    expect(page.locator("#said")).to_have_text("Undone.")
    expect(page.locator(".card.done")).to_have_count(1)
    assert states(cms, 3) == ["approve", "hold", "hold"]


def test_a_double_click_on_undo_takes_back_one_verdict(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    for number in (1, 2):
        page.keyboard.press("a")
        expect(page.locator(".card.done")).to_have_count(number)
    late: list[Route] = []
    page.route(re.compile("/undo"), lambda route: late.append(route))
    page.get_by_role("button", name="Undo").dblclick()
    for route in late:
        with page.expect_response(re.compile("/undo")):
            route.continue_()
    assert states(cms, 3) == ["approve", "hold", "hold"]


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_verdict_whose_answer_is_lost_is_not_called_undone(browser: Browser, address: str, cms: Caller, kind: str) -> None:
    fill(cms, 2)
    page = enter(browser, address)

    def lose(route: Route) -> None:
        route.fetch()
        route.fulfill(status=504, content_type=kind, body='{"error": "Gateway Timeout"}')

    page.route(re.compile("/verdict"), lose)
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("this may be done, or not")
    assert states(cms, 2) == ["approve", "hold"]
