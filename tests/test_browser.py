"""The moderators' room in a real browser: by key, by mouse, and by two people at once."""

import re

import pytest
from browsing import enter, fill, sign_in, sign_out, states
from conftest import Caller
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from service import signin

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


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


@pytest.mark.parametrize("path", ["", "comments/1"])
def test_the_keys_are_listed_wherever_they_judge(browser: Browser, address: str, cms: Caller, path: str) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.goto(f"/review/{path}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


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


def test_the_way_back_selects_no_comments_in_place_of_those_that_were_judged(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 4)
    page = enter(browser, address)
    for box in page.get_by_role("checkbox", name="Select").all()[:2]:
        box.check()
    page.get_by_role("link", name="Open").first.click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#said")).to_have_text("Approved.")
    page.go_back()
    page.go_back()
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator(".pick :checked")).to_have_count(0)


def test_what_a_browser_selects_again_by_itself_is_counted(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    box = page.get_by_role("checkbox", name="Select").first
    box.evaluate("box => { box.checked = true; box.dispatchEvent(new Event('input', {bubbles: true})); }")  # as Firefox does
    expect(page.get_by_role("form", name="The selected comments")).to_contain_text("1 selected")


def test_a_selection_is_judged_by_key_alone(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 45)
    page = enter(browser, address)
    page.keyboard.press("s")
    expect(page.locator(".card.current")).to_be_focused()  # nothing is selected yet
    for key in ("x", "j", "x", "r", "s", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".card.current")).to_be_focused()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Approved: 2 of 2")
    assert states(cms, 45).count("approve") == 2


@pytest.mark.parametrize("width", [390, 1100])
def test_the_selections_buttons_do_not_lie_over_the_reasons_of_the_last_card(
    browser: Browser, address: str, cms: Caller, width: int
) -> None:
    fill(cms, 2)
    page = enter(browser, address, viewport={"width": width, "height": 844})
    page.get_by_role("checkbox", name="Select").first.check()
    last = page.locator(".card").last
    last.locator("details.reject summary").click()
    last.get_by_role("button", name="Offensive").click()
    expect(last).to_have_class("card done")
    assert sorted(states(cms, 2)) == ["hold", "reject"]


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


def test_what_is_being_written_outlives_the_session(browser: Browser, address: str, served: Flask, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.locator("details.note summary").click()
    page.get_by_label("For your colleagues").fill("Half a thought")
    signin.disable(served.extensions["parts"], "Ada")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#said")).to_contain_text("Your session is over")
    expect(page.get_by_label("For your colleagues")).to_have_value("Half a thought")


def test_a_session_that_is_over_leads_to_the_door(browser: Browser, address: str, served: Flask, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    signin.disable(served.extensions["parts"], "Ada")
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_page_that_a_browser_kept_is_not_shown_to_whoever_is_signed_out(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.goto("/review/comments/1")
    sign_out(page)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")  # as Safari does over plain http
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_page_from_before_signing_in_says_so(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    page.locator("details.note summary").click()
    page.get_by_label("For your colleagues").fill("Half a thought")
    sign_out(page)
    other = page.context.new_page()
    other.goto("/review/")
    sign_in(other)
    expect(other.get_by_role("heading", name="Queue")).to_be_visible()
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator("#said")).to_contain_text("from before you signed in")


def test_what_was_judged_is_named_by_whole_signs(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "rude " + "\U0001f600" * 80)
    cms.comment("c1", "A rude remark.")
    page = enter(browser, address, viewport={"width": 390, "height": 844})
    card = page.locator(".card", has_text="\U0001f600")
    card.locator("button.approve").click()
    expect(card.locator(".state span")).to_have_text("Approved · rude " + "\U0001f600" * 55)


def test_a_key_that_stays_down_judges_once(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 6)
    page = enter(browser, address)
    page.keyboard.down("a")
    for _ in range(4):
        expect(page.locator(".card.done")).to_have_count(1)
        page.keyboard.down("a")  # again without a release: what a browser does while it is held
    page.keyboard.up("a")
    page.keyboard.press("a")
    expect(page.locator(".card.done")).to_have_count(2)
    assert states(cms, 6).count("approve") == 2


def test_the_second_half_of_a_double_click_judges_no_comment_that_has_come_under_it(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.locator(".card button.approve").first.click()
    expect(page.locator(".card.done")).to_have_count(1)
    page.locator(".card.current button.approve").hover()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone.")
    assert states(cms, 3) == ["hold"] * 3


@pytest.mark.parametrize("control", ["Open", "Select", "Note"])
def test_what_is_tapped_on_another_card_is_what_happens(browser: Browser, address: str, cms: Caller, control: str) -> None:
    article = {"id": "long", "title": "Night trains are back", "text": "The council voted for night trains. " * 20}
    for number in range(3):
        cms.comment(f"c{number}", f"A rude remark, number {number}.", article=article, author={"id": f"a{number}"})
    page = enter(browser, address, viewport={"width": 390, "height": 844}, has_touch=True)
    card = page.locator(".card").nth(1)
    card.get_by_text(control).first.tap()
    if control == "Open":
        expect(page.get_by_role("heading", name="Comment", exact=True)).to_be_visible()
    elif control == "Select":
        expect(card.get_by_role("checkbox")).to_be_checked()
    else:
        expect(card.get_by_label("For your colleagues")).to_be_visible()
    assert states(cms, 3) == ["hold"] * 3


def test_one_at_a_time_says_what_was_done_and_undoes_it(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.get_by_role("link", name="One at a time").click()
    expect(page.get_by_role("heading", name="Comment", exact=True)).to_be_visible()
    first = page.locator(".card").get_attribute("id")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_have_text("Approved.")
    expect(page.locator(f"#{first}")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator(f"#{first}")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("Undone.")


def test_a_last_page_that_is_judged_leads_to_the_beginning(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 21)
    page = enter(browser, address)
    page.goto(page.locator("#following").get_attribute("href") or "")
    expect(page.locator(".card.current")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".card")).to_have_count(20)


def test_the_rest_of_the_queue_can_be_asked_for_again(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 25)
    page = enter(browser, address)
    page.route(re.compile(r"/review/\?"), lambda route: route.fulfill(status=503, body="<p>Not now.</p>"), times=1)
    for _ in range(19):
        page.keyboard.press("j")
    expect(page.locator("#said")).to_contain_text("could not be loaded")
    page.keyboard.press("j")
    expect(page.locator(".card").nth(20)).to_be_visible()


def test_escape_closes_the_menu_where_the_focus_is(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    menu = page.locator("details.menu summary")
    menu.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(menu).to_be_focused()


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


def test_a_selection_that_was_judged_by_a_slip_is_undone_by_touch(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address, viewport={"width": 390, "height": 844}, has_touch=True)
    for box in page.get_by_role("checkbox", name="Select").all()[:2]:
        box.tap()
    page.get_by_role("form", name="The selected comments").get_by_role("button", name="Reject").tap()
    expect(page.get_by_text("Rejected: 2 of 2.")).to_be_visible()
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_text("Undone: 2 verdicts.")).to_be_visible()
    assert states(cms, 3) == ["hold"] * 3


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


def test_a_comment_that_is_opened_from_the_queue_stays_its_readers(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    with page.expect_response(re.compile("/1/claim")):
        page.reload()
    with page.expect_response(re.compile("/1/claim")):
        page.get_by_role("link", name="Open").first.click()
    ben = enter(browser, address, "Ben")
    expect(ben.locator(".card")).to_have_count(1)
