"""TOML files that a person edits: how one is read, and what is wrong with it, in sentences that its editor can act on."""

import difflib
import pathlib
import re
import tomllib
from collections.abc import Iterable
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from service.toml_lines import Path, line_of, lines

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


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Problem(NamedTuple):
    line: int  # 0 where it is of the whole file
    key: str
    message: str


class TomlError(ValueError):
    """A file that cannot be used: one sentence for each problem, by line."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(
            "\n".join(f"{name}{f', line {line}' if line else ''}: {f'{key}: ' if key else ''}{what}" for line, key, what in self.problems)
        )


def read_text(path: pathlib.Path, variable: str) -> str:
    """What is in the file that the variable of the environment names; without the mark that some editors put first. Raises TomlError."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        said = f"the file cannot be read: {error.strerror}. {variable} says which is read."
        raise TomlError(str(path), [Problem(0, "", said)]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise TomlError(path.name, [Problem(line, "", "expected UTF-8 text; save the file in that encoding.")]) from error


def parsed(text: str, name: str) -> dict[str, Any]:
    """Raises TomlError where it is not TOML, or more than Python reads."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(name, [_syntax_problem(str(error), text)]) from error
    except (ValueError, RecursionError) as error:
        raise TomlError(name, [Problem(0, "", "this cannot be read: a number is too long, or lists are nested too deeply.")]) from error


def unpadded(text: str) -> str:
    """A name, which is compared with others as it is written. Raises ValueError."""
    if text != text.strip():
        raise ValueError("expected a text without blanks at its ends.")
    return text


def from_validation(error: ValidationError, root: type[BaseModel]) -> list[Found]:
    return [(_path(problem["loc"]), _sentence(problem, root)) for problem in error.errors(include_url=False)]


def located(text: str, found: Iterable[Found]) -> list[Problem]:
    at = lines(text)
    return [Problem(line_of(at, path), _named(path), message) for path, message in found]


def nearest(name: str, known: Iterable[str]) -> str:
    """How a sentence about a misspelt name ends: with the name that was meant, where one is near."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else "."


def _named(path: Path) -> str:
    """'words.banned (item 2)' for the second of the banned words."""
    keys = ".".join(key for key in path if isinstance(key, str))
    return keys + "".join(f" (item {key + 1})" for key in path if isinstance(key, int))


def _syntax_problem(message: str, text: str) -> Problem:
    """tomllib's own words, which end with '(at line 3, column 5)' or '(at end of document)'."""
    line = re.search(r"at line (\d+)", message)
    said = re.sub(r"\s*\(at .*\)$", "", message)
    return Problem(int(line[1]) if line else text.rstrip().count("\n") + 1, "", f"this is not TOML: {said}.")


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
