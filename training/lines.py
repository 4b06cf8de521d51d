"""Files of lines, and what a line must hold; what cannot be used is said with its file, its line and its field."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

QUOTED = 60  # characters of what is refused


class DataError(ValueError):
    """The folder or a file in it cannot be used; the sentence says which, and what was expected."""


def file_fault(error: OSError) -> str:
    """Which file cannot be used, and why."""
    return f"{error.filename or 'a file'}: {error.strerror}"


def jsonl(folder: Path, pattern: str) -> list[Path]:
    return sorted(packed_or_not(folder, f"{pattern}.jsonl"))


def packed_or_not(folder: Path, pattern: str) -> list[Path]:
    """Raises DataError where a file is there both ways: each of its rows would count twice."""
    plain, packed = sorted(folder.glob(pattern)), sorted(folder.glob(f"{pattern}.gz"))
    if twice := {path.name for path in plain} & {path.stem for path in packed}:
        raise DataError(f"{folder}: {min(twice)} is there twice, packed and not; remove one of them, or each of its rows counts twice")
    return [*plain, *packed]


def stem(path: Path) -> str:
    return path.name.partition(".")[0]


def lines_of(path: Path) -> Iterator[str]:
    """Those of a text, gzipped or not, without the mark that spreadsheets write before the first."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
            yield from lines
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: cannot be read to its end ({error}); expected UTF-8, and a whole archive where it is one") from error


def rows_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line, a JSON object with a text, behind the place where it stands."""
    for number, line in enumerate(lines_of(path), 1):
        place = f"{path.name} line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{place}: expected a JSON object a line ({getattr(error, 'msg', error)})") from error
        if not isinstance(row, dict):
            raise DataError(f"{place}: expected a JSON object a line, got {type(row).__name__}")
        text_in(row, "text", place)
        yield place, row


def text_in(row: Mapping[str, Any], field: str, place: str) -> str:
    found = row.get(field)
    expect(isinstance(found, str), field, place, "a text", found)
    return str(found)


def shares_in(row: Mapping[str, Any], field: str, place: str) -> dict[str, float]:
    found = row.get(field)
    expect(isinstance(found, dict), field, place, "an object with numbers by name", found)
    return {name: share(value, f"{field}.{name}", place) for name, value in dict(found or {}).items()}


def share(value: Any, field: str, place: str) -> float:
    expect(isinstance(value, (int, float)) and 0 <= value <= 1, field, place, "a number from 0 to 1", value)
    return float(value)


def expect(fits: bool, field: str, place: str, expected: str, got: object) -> None:
    """Raises DataError where it does not fit."""
    if not fits:
        said = "nothing" if got is None else repr(got)[:QUOTED]
        raise DataError(f"{place}, {field}: expected {expected}, got {said}")
