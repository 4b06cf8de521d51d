"""The moderators' room on a bad day: answers that are late or lost, edits in the middle, other keyboards, small screens, paper."""

import re

import pytest
from browsing import enter, fill, look_again, sign_in, sign_out, states
from conftest import Caller
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from service import signin

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


class Late:
    """Requests to an address that are held back from `begin` on. It is watched from a load of the page on: one that is routed in the
    midst of it may still pass by."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.routes: list[Route] = []
        self.begun = False
        page.route(re.compile(address), self._hear)
        page.reload()

    def begin(self) -> None:
        self.begun = True

    def of(self, address: str) -> Route:
        """The first one to this address, as soon as it comes."""
        for _ in range(1_000):
            for route in self.routes:
                if route.request.url.endswith(address):
                    return route
            self.page.wait_for_timeout(10)
        raise AssertionError(f"no request to {address} came")

    def _hear(self, route: Route) -> None:
        if self.begun:
            self.routes.append(route)
        else:
            route.continue_()


def approve_one_and_begin_another(browser: Browser, address: str, cms: Caller) -> tuple[Page, Route]:
    """A page of three comments: the first is approved, and the second one's verdict held back."""
    fill(cms, 3)
    page = enter(browser, address)
    late = Late(page, "/verdict")
    page.keyboard.press("a")
    expect(page.locator(".card.done")).to_have_count(1)
    late.begin()
    page.keyboard.press("a")
    return page, late.of("/verdict")


def test_an_undo_takes_back_the_verdict_whose_answer_is_late(browser: Browser, address: str, cms: Caller) -> None:
    page, verdict = approve_one_and_begin_another(browser, address, cms)
    page.keyboard.press("a")
    expect(page.locator("#said")).to_have_text("The service has not answered yet.")
    page.keyboard.press("u")
    page.wait_for_timeout(200)
    verdict.continue_()
    expect(page.locator("#said")).to_have_text("Undone.")
    expect(page.locator(".card.done")).to_have_count(1)
    assert states(cms, 3) == ["approve", "hold", "hold"]


def test_an_undo_of_a_verdict_that_is_refused_takes_back_none(browser: Browser, address: str, cms: Caller) -> None:
    page, verdict = approve_one_and_begin_another(browser, address, cms)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("u")
    with page.expect_response(re.compile("/review/comments/[0-9]+$")):  # which the script reads after a refusal
        verdict.fulfill(status=409, json={"message": "Ben rejected this at 10:15 UTC on 1 March."})
    expect(page.locator("#said")).to_have_text("Ben rejected this at 10:15 UTC on 1 March.")
    assert [address for address in asked if address.endswith("/undo")] == []
    assert states(cms, 3) == ["approve", "hold", "hold"]


def test_an_undo_beside_a_comment_does_not_take_back_the_next_ones_verdict(browser: Browser, address: str, cms: Caller) -> None:
    page, verdict = approve_one_and_begin_another(browser, address, cms)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".card.done")).to_have_count(0)
    verdict.continue_()
    expect(page.locator(".card.done")).to_have_count(1)
    assert states(cms, 3) == ["hold", "approve", "hold"]


def test_an_undo_beside_a_comment_leaves_what_was_judged_in_another_tab(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.keyboard.press("a")
    expect(page.locator(".card.done")).to_have_count(1)
    other = page.context.new_page()
    other.goto("/review/comments/3")
    other.get_by_role("button", name="Approve").click()
    expect(other.locator("#said")).to_have_text("Approved.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#said")).to_have_text("Undone.")
    assert states(cms, 3) == ["hold", "hold", "approve"]


def test_a_double_click_on_undo_takes_back_one_verdict(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    late = Late(page, "/undo")
    for number in (1, 2):
        page.keyboard.press("a")
        expect(page.locator(".card.done")).to_have_count(number)
    late.begin()
    page.get_by_role("button", name="Undo").dblclick()
    late.of("/undo")
    for route in late.routes:
        with page.expect_response(re.compile("/undo")):
            route.continue_()
    assert states(cms, 3) == ["approve", "hold", "hold"]


def test_a_note_that_is_sent_again_while_its_answer_is_late_is_kept_once(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    late = Late(page, "/notes")
    late.begin()
    page.locator("details.note summary").click()
    page.get_by_label("For your colleagues").fill("Ask the editor.")
    page.get_by_role("button", name="Keep the note").click()
    late.of("/notes")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#said")).to_have_text("The service has not answered yet.")
    for route in late.routes:
        route.continue_()
    expect(page.locator(".notes li")).to_have_count(1)


def test_a_verdict_of_ones_own_whose_answer_is_late_is_not_called_another_ones(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.clock.install()
    page.reload()
    late = Late(page, "/verdict")
    late.begin()
    page.keyboard.press("a")
    verdict = late.of("/verdict")
    answer = verdict.fetch()
    look_again(page)
    expect(page.locator("#waiting")).to_have_text("1")
    expect(page.locator("#said")).to_be_empty()
    verdict.fulfill(response=answer)
    expect(page.locator(".card").first).to_have_class("card done")


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_verdict_whose_answer_is_lost_is_not_called_undone(browser: Browser, address: str, cms: Caller, kind: str) -> None:
    fill(cms, 2)
    page = enter(browser, address)

    def lose(route: Route) -> None:
        route.fetch()
        route.fulfill(status=504, content_type=kind, body='{"error": "Gateway Timeout"}')

    page.route(re.compile("/verdict"), lose)
    page.reload()
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("this may be done, or not")
    assert states(cms, 2) == ["approve", "hold"]


def test_what_was_written_for_an_author_outlives_the_authors_edit(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.goto("/review/next?author=a0")
    page.locator("details.reject summary").click()
    page.get_by_label("For the author").fill("Please stay civil.")
    cms.comment("c0", "A rude remark, edited.", author={"id": "a0"})
    page.get_by_role("button", name="Harassment").click()
    expect(page.locator(".card .text")).to_have_text("A rude remark, edited.")
    page.locator("details.reject summary").click()
    page.get_by_role("button", name="Harassment").click()
    expect(page.get_by_text("Nothing of this kind waits")).to_be_visible()
    expect(page.locator("#said")).to_have_text("Rejected.")
    assert cms.get("/v1/comments/c0").get_json()["verdicts"][0]["explanation"] == "Please stay civil."


def test_what_is_being_written_goes_on_where_the_comment_is_decided_meanwhile(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.clock.install()
    page.reload()
    with page.expect_response(re.compile("/2/claim")):
        page.keyboard.press("a")
    expect(page.locator(".card.done")).to_have_count(1)
    page.keyboard.press("n")
    page.keyboard.type("Half a tho")
    cms.comment("c1", "Quite nice.", author={"id": "a1"})
    look_again(page)
    expect(page.locator("#waiting")).to_have_text("1")
    expect(page.locator("#said")).to_have_text("This is decided already.")
    page.keyboard.type("ught")
    expect(page.locator(".card.current [name=text]")).to_have_value("Half a thought")
    expect(page.locator(".card.done")).to_have_count(1)


def test_beside_what_was_written_and_is_not_sent_it_is_said_what_a_colleague_does(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.clock.install()
    with page.expect_response(re.compile("/claim")):
        page.reload()
    page.keyboard.press("n")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    with page.expect_response(re.compile("/release")):
        page.keyboard.press("j")
    ben = enter(browser, address, "Ben")
    with ben.expect_response(re.compile("/claim")):
        ben.reload()
    state = page.locator(".card").first.locator(".state")
    look_again(page)
    expect(state).to_have_text("Ben is reading this.")
    ben.keyboard.press("a")
    expect(ben.locator("#said")).to_have_text("Approved.")
    look_again(page)
    expect(state).to_have_text("This is decided already.")
    expect(page.locator(".card").first.locator("[name=text]")).to_have_value("Half a thought")


@pytest.mark.parametrize(("key", "label"), [("n", "For your colleagues"), ("r", "For the author")])
@pytest.mark.parametrize("button", [".card.current button.approve", "#bulk button.approve"])
def test_what_was_written_and_is_not_sent_keeps_from_a_verdict(
    browser: Browser, address: str, cms: Caller, key: str, label: str, button: str
) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.keyboard.press("x")
    page.keyboard.press(key)
    field = page.locator(".card.current").get_by_label(label)
    field.fill("Half a thought")
    page.keyboard.press("Escape")
    page.locator(button).click()
    expect(page.locator("#said")).to_have_text("What you wrote here would be lost. Use it, or empty it.")
    expect(field).to_be_focused()
    expect(field).to_have_value("Half a thought")
    field.fill("")
    page.locator(button).click()
    expect(page.locator("#waiting")).to_have_text("1")


def test_what_was_written_keeps_from_an_undo_that_leads_to_another_page(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.goto("/review/next")
    page.keyboard.press("n")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_label("For your colleagues")).to_be_focused()
    expect(page.locator("#said")).to_have_text("What you wrote here would be lost. Use it, or empty it.")


def test_what_was_written_can_be_kept_where_the_comment_is_decided_meanwhile(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.clock.install()
    page.reload()
    first = page.locator(".card").first
    page.keyboard.press("n")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    cms.comment("c0", "Quite nice.", author={"id": "a0"})
    look_again(page)
    expect(page.locator("#waiting")).to_have_text("1")
    first.locator("details.note summary").click()
    first.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#said")).to_have_text("Note added.")


def test_a_decided_comment_can_be_corrected_by_whoever_takes_some_time(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "Quite nice.")
    page = enter(browser, address)
    page.clock.install()
    page.goto("/review/comments/1")
    page.locator("details.reject summary").click()
    page.clock.run_for(1_000)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Harassment").click()
    expect(page.get_by_text("Ada rejected it")).to_be_visible()


def test_a_note_and_a_word_to_the_author_of_a_decided_comment_are_sent_one_after_the_other(
    browser: Browser, address: str, cms: Caller
) -> None:
    cms.comment("c0", "Quite nice.")
    page = enter(browser, address)
    page.goto("/review/comments/1")
    page.locator("details.reject summary").click()
    page.get_by_label("For the author").fill("Please stay civil.")
    page.locator("details.note summary").click()
    page.get_by_label("For your colleagues").fill("Ask the editor.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".notes")).to_contain_text("Ask the editor.")
    page.locator("details.reject summary").click()
    page.get_by_role("button", name="Harassment").click()
    expect(page.get_by_text("To the author: Please stay civil.")).to_be_visible()


def test_what_was_sent_already_does_not_keep_from_signing_in(browser: Browser, address: str, served: Flask, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.keyboard.press("r")
    page.locator(".card.current").get_by_label("For the author").fill("Please stay civil.")
    page.locator(".card.current").get_by_role("button", name="Harassment").click()
    expect(page.locator(".card.done")).to_have_count(1)
    signin.disable(served.extensions["parts"], "Ada")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_selection_outlives_the_session(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.goto("/review/?reason=toxicity")
    for box in page.get_by_role("checkbox", name="Select").all()[1:]:
        box.check()
    sign_out(page)
    page.keyboard.press("a")
    sign_in(page)
    expect(page.get_by_role("form", name="The selected comments")).to_contain_text("2 selected")
    expect(page.get_by_role("checkbox", name="Select").first).not_to_be_checked()


def test_a_selection_is_not_of_whoever_signs_in_next(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.get_by_role("checkbox", name="Select").last.check()
    sign_out(page)
    page.keyboard.press("a")
    sign_in(page, "Ben")
    expect(page.locator("#picked")).to_have_text("0 selected:")


def test_a_verdict_of_ones_own_in_another_tab_is_nobody_elses(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    first = page.locator(".card").first
    other = page.context.new_page()
    other.goto(f"/review/comments/{first.get_attribute('data-comment')}")
    other.get_by_role("button", name="Approve").click()
    expect(other.locator("#said")).to_have_text("Approved.")
    page.bring_to_front()
    page.locator(".card button.approve").nth(1).click()
    expect(first.locator(".state")).to_have_text("This is decided already.")


def test_what_is_done_is_read_out_to_the_last_comment(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    said = page.get_by_role("status")
    expect(said).to_have_count(1)  # before anything is said: a region that comes with its words is not read out
    page.keyboard.press("x")
    expect(said).to_have_text("1 selected.")
    page.keyboard.press("a")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    expect(said).to_have_text("Approved.")


def test_an_empty_queue_shows_what_comes(browser: Browser, address: str, cms: Caller) -> None:
    page = enter(browser, address)
    page.clock.install()
    page.reload()
    fill(cms, 1)
    look_again(page)
    expect(page.locator(".card")).to_have_count(1)
    expect(page.get_by_text("Nothing waits")).to_have_count(0)


def test_comments_that_are_stepped_over_in_a_moment_are_not_claimed(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 12)
    page = enter(browser, address)
    claimed: list[str] = []
    page.on("request", lambda request: claimed.append(request.url) if request.url.endswith("/claim") else None)
    with page.expect_response(re.compile("/12/claim")):
        page.evaluate("for (let n = 0; n < 11; n++) document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}))")
    assert [address for address in claimed if not address.endswith(("/1/claim", "/12/claim"))] == []


def test_a_long_comment_stays_with_whoever_reads_it_by_wheel(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "A long and rude remark. " * 200)
    page = enter(browser, address)
    page.clock.install()
    with page.expect_response(re.compile("/claim")):
        page.reload()
    with page.expect_response(re.compile("/claim")):
        page.clock.fast_forward(150_000)
    page.evaluate("() => { window.turned = new Promise((done) => addEventListener('wheel', done, { once: true })); }")
    page.locator(".card .text").hover()
    page.mouse.wheel(0, 300)
    page.evaluate("window.turned")
    with page.expect_response(re.compile("/claim")):
        page.clock.fast_forward(60_000)


def test_a_claim_that_a_verdict_overtakes_takes_the_comment_from_nobody(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    late = Late(page, "/(claim|verdict)$")
    late.begin()
    page.keyboard.press("j")
    claim = late.of("/2/claim")
    page.keyboard.press("a")
    verdict = late.of("/2/verdict")
    with page.expect_response(re.compile("/2/claim")):
        claim.fulfill(status=409, json={"message": "This comment does not wait any more."})
    verdict.continue_()
    expect(page.locator(".card.done")).to_have_count(1)
    expect(page.locator(".card.taken")).to_have_count(0)


@pytest.mark.parametrize(
    ("letters", "digit"), [(("r", "KeyR"), ("(", "Digit5")), (("к", "KeyR"), ("5", "Digit5")), (("R", "KeyR"), ("5", "Numpad5"))]
)
def test_keys_of_a_french_a_russian_and_a_locked_keyboard(
    browser: Browser, address: str, cms: Caller, letters: tuple[str, str], digit: tuple[str, str]
) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    keyboard = page.context.new_cdp_session(page)
    for key, code in (letters, digit):
        for kind in ("keyDown", "keyUp"):
            keyboard.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": code})
    expect(page.locator(".card.done .state")).to_contain_text("Rejected: spam")


def test_bars_leave_room_on_a_screen_that_is_enlarged_four_times(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address, viewport={"width": 320, "height": 256})
    page.get_by_role("checkbox", name="Select").first.check()
    page.locator(".card .text").nth(1).scroll_into_view_if_needed()
    boxes = [bar.bounding_box() for bar in page.locator(".bar, .bulk").all()]
    seen = [min(256, box["y"] + box["height"]) - max(0, box["y"]) for box in boxes if box]
    assert sum(height for height in seen if height > 0) <= 128


def test_a_long_comment_is_printed_whole_and_without_buttons(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "A rude line.\n" * 100)
    page = enter(browser, address)
    page.goto("/review/comments/1")
    page.emulate_media(media="print")
    assert page.locator(".card .text").evaluate("text => text.scrollHeight <= text.clientHeight")
    expect(page.get_by_role("button", name="Approve")).to_be_hidden()
