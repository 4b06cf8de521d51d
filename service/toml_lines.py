"""On which line each key of a TOML text stands. The standard library reads TOML, and does not say."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    \"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5}     # texts over several lines
    | "(?:\\.|[^"\\\n])*" | '[^'\n]*'                # texts on one
    | \#[^\n]* | [ \t\r]+ | \n
    | [][{}=,.] | [^][{}=,.\#\s"']+                   # signs, and bare keys and values
    """,
    re.DOTALL | re.VERBOSE,
)


def lines(text: str) -> dict[Path, int]:
    """The line of every table, key and list item. `text` must be TOML that tomllib accepts."""
    scanner = _Scanner(list(_tokens(text)))
    scanner.document()
    return scanner.found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a path or, where the text does not spell it out, of the nearest table around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] not in "# \t\r":
            yield token, line
        line += token.count("\n")
    yield "", line


@dataclass
class _Scanner:
    tokens: list[tuple[str, int]]
    at: int = 0
    found: dict[Path, int] = field(default_factory=dict)

    def document(self) -> None:
        table: Path = ()
        while mark := self._peek():
            if mark == "[":
                self._skip("[")
                table = self._key(())
                self._skip("]")
            elif mark == "\n":
                self._skip("\n")
            else:
                self._pair(table)

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._skip("=")
        self._value(path)

    def _key(self, path: Path) -> Path:
        while (mark := self._peek()) not in ("=", "]"):
            if mark != ".":
                path = (*path, _plain(mark))
                self.found.setdefault(path, self.tokens[self.at][1])
            self.at += 1
        return path

    def _value(self, path: Path) -> None:
        if self._peek() == "[":
            self._list(path)
        elif self._peek() == "{":
            self._inline_table(path)
        else:
            while self._peek() not in (",", "]", "}", "\n", ""):
                self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip("\n", ",") != "]":
            self.found[*path, index] = self.tokens[self.at][1]
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._skip("\n", ",") != "}":
            self._pair(path)
        self.at += 1

    def _peek(self) -> str:
        return self.tokens[self.at][0]

    def _skip(self, *tokens: str) -> str:
        while self._peek() in tokens:
            self.at += 1
        return self._peek()


def _plain(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
