"""What is wrong with a policy file, in sentences that its editor can act on."""

import difflib
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
Found = tuple[Path, str]

EXPECTED = {
    "bool_type": "expected true or false.",
    "string_type": "expected a text in quotes.",
    "string_too_short": "expected a text that is not empty.",
    "int_type": "expected a whole number.",
    "float_type": "expected a number.",
    "finite_number": "expected a number from 0 to 1.",
    "too_short": "expected at least one item.",
    "list_type": "expected a list in square brackets.",
    "tuple_type": "expected a list in square brackets.",
    "dict_type": "expected a table of keys and values.",
    "model_type": "expected a table of keys and values.",
}


class Problem(NamedTuple):
    line: int  # 0 where it is of the whole file
    key: str
    message: str


class PolicyError(ValueError):
    """A policy file that cannot be used: one sentence for each problem, by line."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(
            "\n".join(f"{name}{f', line {line}' if line else ''}: {f'{key}: ' if key else ''}{what}" for line, key, what in self.problems)
        )


def read_text(path: pathlib.Path) -> str:
    """Raises PolicyError."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise PolicyError(str(path), [Problem(0, "", f"the file cannot be read: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PolicyError(path.name, [Problem(line, "", "expected UTF-8 text; save the file in that encoding.")]) from error


def nearest(name: str, known: Iterable[str]) -> str:
    """How a sentence about a misspelt name ends: with the name that was meant, where one is near."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else "."


def named(path: Path) -> str:
    """'words.banned (item 2)' for the second of the banned words."""
    keys = ".".join(key for key in path if isinstance(key, str))
    return keys + "".join(f" (item {key + 1})" for key in path if isinstance(key, int))


def syntax_problem(message: str, text: str) -> Problem:
    """tomllib's own words, which end with '(at line 3, column 5)' or '(at end of document)'."""
    line = re.search(r"at line (\d+)", message)
    said = re.sub(r"\s*\(at .*\)$", "", message)
    return Problem(int(line[1]) if line else text.rstrip().count("\n") + 1, "", f"this is not TOML: {said}.")


def from_validation(error: ValidationError, root: type[BaseModel]) -> list[Found]:
    return [(_path(problem["loc"]), _sentence(problem, root)) for problem in error.errors(include_url=False)]


def contradictions(raw: Mapping[str, Any], places: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[Found]:
    """Values that are each right and do not fit together. `places` holds the settings in force, inherited ones included."""
    for place, settings in places.items():
        path: Path = () if not place else ("sites", place[0], *(("section", place[1]) if len(place) > 1 else ()))
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


def _sentence(problem: ErrorDetails, root: type[BaseModel]) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        *table, key = problem["loc"]
        return f"unknown key{nearest(str(key), _known(root, table))}"
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    if kind in ("greater_than_equal", "less_than_equal"):
        side, limit = ("at least", problem["ctx"].get("ge")) if kind == "greater_than_equal" else ("at most", problem["ctx"].get("le"))
        return "expected a number from 0 to 1." if isinstance(limit, float) else f"expected {side} {limit}."
    return EXPECTED.get(kind, f"{problem['msg']}.")


def _known(root: type[BaseModel], table: Iterable[str | int]) -> list[str]:
    """The keys that the table at this path may have."""
    model: Any = root
    for key in table:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[str(key)].annotation
        elif get_origin(model) is dict:
            model = get_args(model)[1]
        if isinstance(model, UnionType):
            model = get_args(model)[0]
    if get_origin(model) is dict:
        model = get_args(model)[1]
    return list(model.model_fields)


def _path(loc: Path) -> Path:
    return tuple(key for key in loc if key != "[key]")


def _at(table: Any, path: Path) -> Mapping[str, Any]:
    """The table at a path, or an empty one where there is none or something else stands there."""
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _exceeds(low: Any, high: Any) -> bool:
    """False, too, where either is no number: validation has said so."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (low, high))
    return numbers and bool(low > high)
