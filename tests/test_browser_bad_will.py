"""What readers write in bad will, in a real browser: it stays in its own place, and changes nothing beside it."""

import pytest
from browsing import enter, fill
from conftest import Caller
from playwright.sync_api import Browser, Locator, Page, expect

from training import retrain_report
from training.tables import html_table

PILE = "Z" + "\u0301\u0308\u0302\u030c" * 20 + "a" + "\u0316\u0317\u0323\u0324" * 20  # as high as several lines, and as deep
EDGE = 4  # pixels

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.parametrize("signs", ["\u202e", "\u2067", "\u2069\u202e", "\u2069\u2067\u202e", "\u202c\u2069\u202b"])
def test_a_name_does_not_turn_round_what_stands_beside_it(browser: Browser, address: str, cms: Caller, signs: str) -> None:
    cms.comment("c0", "A rude remark.", author={"id": "a0", "name": f"Eve{signs}"})
    page = enter(browser, address)
    places = [box["x"] for box in map(Locator.bounding_box, page.locator(".meta a, .meta .good, .meta .bad").all()) if box]
    assert len(places) == 3
    assert places == sorted(places)


def test_piled_up_signs_reach_over_nothing_else(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "A rude remark.", author={"id": "a0"})
    article = {"id": "piled", "title": PILE, "text": PILE}
    cms.comment("c1", f"{PILE} rude", article=article, author={"id": "a1", "name": PILE}, section=PILE, parent={"text": PILE})
    cms.comment("c2", "A rude remark.", author={"id": "a2"})
    page = enter(browser, address, viewport={"width": 700, "height": 1000})
    above, piled = page.locator("#card-1"), page.locator("#card-2")
    for part, beside in ((piled, above), (piled.locator(".parent"), piled.locator(".meta")), (piled.locator(".meta"), piled.locator("h2"))):
        assert not reaches_over(page, part, beside)
    piled.locator("button.approve").click()
    expect(piled).to_have_class("card done")
    assert not reaches_over(page, piled, above)
    above.locator("button.approve").click()
    expect(above).to_have_class("card done")
    page.goto("/review/recent")
    verdicts = page.locator(".list > li")
    assert not reaches_over(page, verdicts.nth(1), verdicts.nth(0))
    assert not reaches_over(page, verdicts.nth(1).locator(".line"), verdicts.nth(1).locator(".meta"))
    cms.comment("c1", "Edited.", author={"id": "a1"})
    page.goto("/review/comments/2")
    page.get_by_text("The text as it was").click()
    assert not reaches_over(page, page.locator(".was"), page.locator(".history .meta").last)


def test_what_a_comment_answers_is_read_in_its_own_direction(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "A rude remark.", parent={"text": "מה שבא קודם, לדעתי."})
    page = enter(browser, address)
    expect(page.locator(".parent")).to_have_css("direction", "rtl")


def test_blank_lines_of_what_a_comment_answers_do_not_push_it_off_the_screen(browser: Browser, address: str, cms: Caller) -> None:
    cms.comment("c0", "A rude remark.", parent={"text": "a" + "\n" * 10_000 + "b"})
    page = enter(browser, address)
    box = page.locator(".parent").bounding_box()
    assert box is not None
    assert box["height"] < 100


def test_a_word_of_what_was_judged_is_not_wider_than_a_small_screen(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    cms.comment("w", "rude" + "w" * 2_000, author={"id": "w"})
    page = enter(browser, address, viewport={"width": 320, "height": 640})
    page.locator(".card", has_text="www").locator("button.approve").click()
    expect(page.locator(".card.done")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_retrainings_report_quotes_in_cells_that_hold(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 600})
    rows = [["2026-03-01", "Ada: approve", "Ben: reject", text] for text in ("Plain.", PILE, "w" * 300)]
    table = html_table(["day", "first", "then", "comment"], rows)
    page.set_content(retrain_report._PAGE.format(version="2026.03", sections=table))
    cells = page.locator("td:last-child")
    assert not reaches_over(page, cells.nth(1), cells.nth(0))
    assert page.evaluate("document.documentElement.scrollWidth") <= 900


def reaches_over(page: Page, one: Locator, beside: Locator) -> bool:
    """Whether what stands beside it looks otherwise without it. The edge of a line, above its letters, may: no writing is to be cut that
    is only high."""
    beside.scroll_into_view_if_needed()
    box = beside.bounding_box()
    assert box is not None
    clip = {"x": box["x"], "y": box["y"] + EDGE, "width": box["width"], "height": box["height"] - 2 * EDGE}
    shown = page.screenshot(clip=clip, animations="disabled")
    one.evaluate("one => { one.style.visibility = 'hidden'; }")
    alone = page.screenshot(clip=clip, animations="disabled")
    one.evaluate("one => { one.style.visibility = ''; }")
    return shown != alone
