"""The moderators' pages in a real browser, for eyes that need them otherwise: enlarged, in the system's own colours, on paper."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from browsing import enter, fill
from conftest import Caller
from markupsafe import Markup
from playwright.sync_api import Browser, Locator, expect

from service.review import charts
from service.review.figures import Share

# The texts of charts that are cut, or reach out of their figure.
CUT = """() => [...document.querySelectorAll(".plot svg")].flatMap((svg) => {
  const edge = (getComputedStyle(svg).overflow === "visible" ? svg.closest("figure") : svg).getBoundingClientRect();
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return boxes.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1).map(([text]) => text);
})"""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_in_the_systems_colours_things_are_told_apart_by_what_it_leaves(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 3)
    page = enter(browser, address, forced_colors="active", color_scheme="dark")
    page.keyboard.press("a")
    said, current = page.locator("#said"), page.locator(".card.current")
    expect(said).to_have_text("Approved.")
    expect(said).to_have_css("border-top-style", "solid")
    expect(current).to_be_focused()
    expect(current).to_have_css("outline-width", "3px")
    lines = page.locator(".bar nav a").evaluate_all("all => all.map(one => getComputedStyle(one).borderBottomColor)")
    assert Counter(lines)[lines[0]] == 1  # the page that is open
    page.goto("/review/overview")
    squares = page.locator(".legend li").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').color)")
    assert len(set(squares)) == 3


@pytest.mark.parametrize("width", [320, 390, 1000])
def test_large_figures_of_a_chart_are_shown_whole(browser: Browser, address: str, cms: Caller, width: int) -> None:
    page = enter(browser, address, viewport={"width": width, "height": 700})
    page.goto("/review/overview")
    page.locator(".plots").evaluate("(plots, drawn) => { plots.innerHTML = drawn; }", _busy())
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_shares_interval_is_seen_on_its_bar(browser: Browser, address: str, cms: Caller, scheme: Any) -> None:
    page = enter(browser, address, color_scheme=scheme)
    page.goto("/review/overview")
    page.locator(".plots").evaluate("(plots, drawn) => { plots.innerHTML = drawn; }", _busy())
    bar, back, whisker = (page.locator(f".{name}").first for name in ("bar-fill", "bar-back", "whisker"))
    opaque = float(bar.evaluate("one => getComputedStyle(one).fillOpacity"))
    mixed = [opaque * a + (1 - opaque) * b for a, b in zip(_colour(bar, "fill"), _colour(back, "fill"), strict=True)]
    assert _contrast(_colour(whisker, "stroke"), mixed) >= 3


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("path", ["next", "comments/2"])
def test_what_opens_over_the_page_does_not_lie_over_the_other_part(
    browser: Browser, address: str, cms: Caller, path: str, scripts: bool
) -> None:
    fill(cms, 1)
    cms.comment("nice", "Quite nice.")
    page = enter(browser, address, java_script_enabled=scripts)
    page.goto(f"/review/{path}")
    for part, other in (("reject", "note"), ("note", "reject")):
        page.locator(f"details.{part} summary").click()
        expect(page.locator(f"details.{part} textarea")).to_be_visible()
        expect(page.locator(f"details.{other} textarea")).to_be_hidden()


@pytest.mark.parametrize("part", ["reject", "note"])
def test_what_opens_below_the_screen_comes_into_it(browser: Browser, address: str, cms: Caller, part: str) -> None:
    fill(cms, 8)
    page = enter(browser, address, viewport={"width": 360, "height": 640}, has_touch=True)
    opener = page.locator(f"details.{part} summary").nth(3)
    opener.evaluate("one => scrollBy(0, one.getBoundingClientRect().bottom - innerHeight)")
    box = opener.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 9, box["y"] + 9)
    expect(page.locator(f"details.{part} form").nth(3)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [(640, 360), (960, 400), (320, 256)])
def test_the_menu_is_reached_to_its_end_on_a_low_screen(browser: Browser, address: str, cms: Caller, size: tuple[int, int]) -> None:
    fill(cms, 3)
    page = enter(browser, address, viewport={"width": size[0], "height": size[1]})
    page.locator("details.menu summary").click()
    out = page.get_by_role("button", name="Sign out")
    out.focus()
    box = out.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size[1]


def test_what_is_dark_and_blurred_on_the_screen_is_printed_to_be_read(browser: Browser, address: str, cms: Caller) -> None:
    fill(cms, 2)
    page = enter(browser, address)
    page.context.add_cookies([{"name": "look", "value": "dark_blur", "url": f"{address}/review/"}])
    page.reload()
    text = page.locator(".card:not(.current) .text")
    expect(text).not_to_have_css("filter", "none")
    page.emulate_media(media="print")
    expect(text).to_have_css("filter", "none")
    expect(text).to_have_css("color", "rgb(28, 29, 31)")


def _colour(one: Locator, name: str) -> list[float]:
    return [float(part) for part in re.findall(r"\d+", one.evaluate("(one, name) => getComputedStyle(one)[name]", name))]


def _contrast(one: list[float], other: list[float]) -> float:
    """Of two colours in sRGB, as WCAG reckons it."""

    def luminance(colour: list[float]) -> float:
        linear = [part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _busy() -> str:
    """Charts of a large newspaper."""
    last, now = date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)
    by_day = {last - timedelta(days=n): Counter(approve=20_000, hold=900, reject=500) for n in range(30)}
    drawn = [
        charts.days(by_day, last - timedelta(days=29), last),
        charts.shares([Share("flood", 12_345, 12_345)], "Approved all the same"),
        charts.curve([(now - timedelta(days=n), 40_000.0) for n in (3, 2)], now - timedelta(days=7), now, "Comments that waited", ""),
    ]
    figures = (Markup('<figure class="{}">{}</figure>').format("plot full" if n < 2 else "plot", one) for n, one in enumerate(drawn))
    return str(Markup().join(figures))
