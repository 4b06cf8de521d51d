"""Plots as SVG, drawn here: no script, and each with its figures in words for whoever does not see it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, log10

from markupsafe import Markup

from service.review.figures import Share
from service.review.shown import plain

WIDTH, HALF, HEIGHT, LEFT, BOTTOM, TOP = 640, 340, 220, 46, 26, 10
ROW, NAMES, NUMBERS = 26, 225, 130
OUTCOMES = ("approve", "hold", "reject")


def days(by_day: Mapping[date, Counter[str]], first: date, last: date) -> Markup:
    """A stacked bar for each day."""
    shown = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    empty: Counter[str] = Counter()
    top = _round_up(max((sum(by_day.get(day, empty).values()) for day in shown), default=0))
    width = (WIDTH - LEFT) / len(shown)
    bars = Markup()
    for number, day in enumerate(shown):
        tally, base = by_day.get(day, empty), float(HEIGHT - BOTTOM)
        for outcome in OUTCOMES:
            height = tally[outcome] / top * (HEIGHT - BOTTOM - TOP)
            base -= height
            bars += Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {} {}</title></rect>').format(
                outcome, LEFT + number * width + 1, base, max(width - 2, 1), height, f"{day:%-d %B}", tally[outcome], outcome
            )
    total = sum((by_day.get(day, empty) for day in shown), Counter())
    words = ", ".join(f"{total[outcome]:,} {outcome}" for outcome in OUTCOMES)
    return _svg(f"Comments by day and decision; in all {words}", _grid(top, WIDTH) + bars + _dates(first, last, WIDTH))


def curve(points: Sequence[tuple[datetime, float]], first: datetime, last: datetime, what: str, unit: str) -> Markup:
    """A line through what was measured, each value holding until the next; half as wide as the others."""
    top = _round_up(max((value for _, value in points), default=0))
    span = (last - first).total_seconds()
    steps: list[str] = []
    level = None
    for at, value in [*points, *([(last, points[-1][1])] if points else [])]:
        x = LEFT + (HALF - LEFT) * min(max((at - first).total_seconds() / span, 0), 1)
        y = HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)
        steps += [f"{x:.1f},{level:.1f}"] if level is not None else []
        steps.append(f"{x:.1f},{y:.1f}")
        level = y
    line = Markup('<polyline class="curve" points="{}"/>').format(" ".join(steps))
    now = f"now {points[-1][1]:,.0f}{unit}, at most {max(value for _, value in points):,.0f}{unit}" if points else "nothing measured yet"
    return _svg(f"{what}: {now}", _grid(top, HALF) + line + _dates(first.date(), last.date(), HALF), width=HALF)


def shares(rows: Sequence[Share], what: str) -> Markup:
    """A bar for each share, with a whisker for its interval."""
    width = WIDTH - NAMES - NUMBERS
    drawn = Markup()
    for number, share in enumerate(rows):
        y = number * ROW
        low, high = share.interval
        drawn += Markup(
            '<text x="{}" y="{}" text-anchor="end">{}</text><rect class="bar-back" x="{}" y="{}" width="{}" height="14"/>'
            '<rect class="bar-fill" x="{}" y="{}" width="{:.1f}" height="14"/><path class="whisker" d="M{:.1f} {}H{:.1f}"/>'
            '<text x="{}" y="{}">{:.0%} of {:,}</text>'
        ).format(
            *(NAMES - 8, y + 16, plain(share.name), NAMES, y + 5, width),
            *(NAMES, y + 5, width * (share.value or 0), NAMES + width * low, y + 12, NAMES + width * high),
            *(NAMES + width + 8, y + 16, share.value or 0, share.whole),
        )
    words = "; ".join(
        f"{plain(share.name)} {share.value or 0:.0%} of {share.whole:,}, {share.interval[0]:.0%} to {share.interval[1]:.0%}"
        for share in rows
    )
    return _svg(f"{what}: {words or 'none yet'}", drawn, height=max(len(rows) * ROW, ROW))


def _svg(label: str, inside: Markup, *, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(width, height, label, inside)


def _grid(top: float, width: int) -> Markup:
    lines = Markup()
    for part in (0, 0.5, 1):
        y = HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)
        lines += Markup('<path class="axis" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT, y, width, LEFT - 6, y + 4, f"{top * part:,.10g}"
        )
    return lines


def _dates(first: date, last: date, width: int) -> Markup:
    middle = first + (last - first) / 2
    places = ((LEFT, "start", first), ((LEFT + width) / 2, "middle", middle), (width, "end", last))
    return Markup().join(
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, HEIGHT - 6, anchor, f"{day:%-d %b}") for x, anchor, day in places
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 6 and 8 times a power of ten, so that an axis ends at a number that people use."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next(step * power for step in (1, 2, 4, 5, 6, 8, 10) if value <= step * power * 1.0000001)
