"""The moderators' pages in a real browser: without scripts, on a phone, and for people who listen to them."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import enter, fill, states
from conftest import Caller
from playwright.sync_api import Browser, Page, expect

# What has the focus, where a sticky bar covers all of it.
COVERED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  if (one === document.body || one.closest(".bar, .bulk") || !box.height) return [];
  const x = box.left + box.width / 2;
  const seen = [box.top + 2, box.top + box.height / 2, box.bottom - 2].some((y) => {
    const top = document.elementFromPoint(x, y);
    return top && !top.closest(".bar, .bulk");
  });
  return seen ? [] : [one.outerHTML.slice(0, 80)];
}"""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


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
    cms.comment("l", "A long and rude remark. " * 200, author={"id": "l"})
    context: dict[str, Any] = {"color_scheme": "dark" if look == "dark" else "light"}
    if look == "phone":
        context |= {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = enter(browser, address, **context)
    assert_accessible(page)
    if look == "large":
        choose_look(page, "large", "blur")
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


def test_a_blurred_sample_is_read_by_turning_to_each_comment(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address)
    page.goto("/review/help")
    choose_look(page, "blur")
    page.goto("/review/band?article=1&low=0.5")
    text = page.locator(".card .text").nth(1)
    expect(text).not_to_have_css("filter", "none")
    text.click()
    expect(text).to_have_css("filter", "none")


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


def test_a_text_that_scrolls_on_a_small_screen_can_be_scrolled_by_key(browser: Browser, address: str, cms: Caller) -> None:
    texts = ["rude words " * 32, "RUDE " * 78, "很长的评论" * 70, "\U0001f600" * 160, "a rude line of thirty letters\n" * 10, "short"]
    for number, text in enumerate(texts):
        cms.comment(f"c{number}", f"rude {text}", author={"id": f"a{number}"})
    page = enter(browser, address, viewport={"width": 320, "height": 640})
    choose_look(page, "large")
    scrolling = page.locator(".card .text").evaluate_all("all => all.map(one => [one.scrollHeight > one.clientHeight, one.tabIndex])")
    assert sorted(scrolling) == [[False, -1]] + [[True, 0]] * 5


@pytest.mark.parametrize("looks", [(), ("large",)])
@pytest.mark.parametrize("size", [(1200, 900), (390, 844), (640, 450)])
def test_what_has_the_focus_lies_under_no_bar(
    browser: Browser, address: str, cms: Caller, size: tuple[int, int], looks: tuple[str, ...]
) -> None:
    fill(cms, 8)
    page = enter(browser, address, viewport={"width": size[0], "height": size[1]})
    choose_look(page, *looks)
    page.get_by_role("checkbox", name="Select").first.check()
    covered = []
    for key in ["Tab"] * 45 + ["Shift+Tab"] * 30:
        page.keyboard.press(key)
        covered += page.evaluate(COVERED)
    assert covered == []


def test_a_telephones_keyboard_leaves_the_capitals_of_a_name_to_whoever_types_it(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 1)
    page = enter(browser, address)
    expect(page.locator("[name=author]")).to_have_js_property("autocapitalize", "none")
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_label("Name")).to_have_js_property("autocapitalize", "none")


def test_the_look_can_be_chosen_where_something_went_wrong(browser: Browser, address: str) -> None:
    page = enter(browser, address)
    page.goto("/review/comments/99")
    choose_look(page, "large")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def choose_look(page: Page, *looks: str) -> None:
    page.locator("details.menu summary").click()
    for look in looks:
        page.locator(f"[name=look][value={look}]").check()
    page.get_by_role("button", name="Apply").click()
    for look in looks:
        page.locator(f"html[data-{look}]").wait_for()
    page.wait_for_load_state()  # with its style, by which all is measured


def width_beyond_screen(page: Page, path: str) -> int:
    page.goto(f"/review/{path}")
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()
