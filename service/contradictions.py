"""Values of the house rules that are each right and do not fit together."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.toml_files import Found, nearest
from service.toml_lines import Path


def contradictions(raw: Mapping[str, Any], places: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[Found]:
    """What contradicts itself in a policy file. `places` holds the settings in force, inherited ones included."""
    for place, settings in places.items():
        path: Path = tuple(key for pair in zip(("sites", "section"), place, strict=False) for key in pair)
        own = _at(raw, path)
        yield from _holds_above_rejects(path, own, settings)
        yield from _lengths_crossed(path, own, settings)
        if len(place) == 2:
            yield from _undeclared_section(path, _at(raw, path[:2]).get("sections", ()))


def _holds_above_rejects(path: Path, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Found]:
    """Reported where one of the two is written: a site that overrides neither repeats nobody's mistake."""
    holds, rejects = _at(settings, ("hold",)), _at(settings, ("reject",))
    for attribute in sorted(holds.keys() & rejects.keys()):
        hold, reject = holds[attribute], rejects[attribute]
        table = next((name for name in ("hold", "reject") if attribute in _at(own, (name,))), None)
        if table is not None and _exceeds(hold, reject):
            yield (*path, table, attribute), f"the hold threshold {hold} is above the reject threshold {reject}; expected it at or below."


def _lengths_crossed(path: Path, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Found]:
    length = _at(settings, ("length",))
    shortest, longest = length.get("min_characters"), length.get("max_characters")
    if "length" in own and _exceeds(shortest, longest):
        yield (*path, "length"), f"min_characters {shortest} is above max_characters {longest}; every comment would be held."


def _undeclared_section(path: Path, declared: Any) -> Iterator[Found]:
    names = [name for name in declared if isinstance(name, str)] if isinstance(declared, tuple) else []
    if path[-1] not in names:
        declared_here = ", ".join(f"'{name}'" for name in names)
        yield path, f"the site does not declare this section{nearest(str(path[-1]), names)} Its key 'sections' is [{declared_here}]."


def _at(table: Any, path: Path) -> Mapping[str, Any]:
    """The table at a path, or an empty one where there is none or something else stands there."""
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _exceeds(low: Any, high: Any) -> bool:
    """False, too, where either is no number: validation has said so."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (low, high))
    return numbers and bool(low > high)
