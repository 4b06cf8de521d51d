"""HTML to the text that a reader sees, and texts that any database and any model can hold."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from service.normalise import ENDLESS

_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figure footer h1 h2 h3 h4 h5 h6 header hr li ol p pre section table tr ul".split()
)
_UNSEEN = frozenset({"script", "style", "template", "noscript"})
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)  # as a browser ends it
_TAG = re.compile(rf"{_COMMENT.pattern}|(?P<endless><!--.*)|</?(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*)?/?>", re.DOTALL)
_HALVES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def plain(html: str) -> str:
    """The visible text, a line for each block. A link's address stays, in brackets, where the text does not show it."""
    reader = _Reader()
    reader.feed(ENDLESS.sub("\ufffd", html))
    reader.handle_data(unescape(reader.rawdata))  # what has no end; close() would look for it again at each beginning
    return _LINES.sub("\n", _SPACES.sub(" ", "".join(reader.parts))).strip()


def unescaped(text: str) -> str:
    """Of HTML that has lost its tags, the visible text."""
    return unescape(ENDLESS.sub("\ufffd", text))


def masked(html: str) -> str:
    """The same text with its tags blanked, character for character, so that every place in it is a place in the original."""
    return _TAG.sub(_blank, html)


def _blank(tag: re.Match[str]) -> str:
    if tag["endless"]:
        return tag[0]
    return ("\n" if (tag["name"] or "").lower() in _BLOCKS else " ") + " " * (len(tag[0]) - 1)


def storable(value: Any) -> Any:
    """JSON with a replacement character for each half of a surrogate pair and each NUL, which no database takes."""
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [storable(part) for part in value]
    return _HALVES.sub("\ufffd", value).replace("\x00", "\ufffd") if isinstance(value, str) else value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0
        self.link: tuple[str, int] | None = None  # the open one's address, and the part at which it begins

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "a":
            self._end_link()  # one within another ends it, as in a browser
            self.link = (dict(attrs).get("href") or "", len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "a":
            self._end_link()

    def _end_link(self) -> None:
        if self.link is not None:
            (address, begun), self.link = self.link, None
            if address.startswith(("http:", "https:", "//")) and address not in "".join(self.parts[begun:]):
                self.parts.append(f" ({address})")

    def parse_comment(self, i: int, report: bool = True) -> int:
        """To where a browser ends it; -1 where nothing does."""
        found = _COMMENT.match(self.rawdata, i)
        return found.end() if found else -1

    def parse_html_declaration(self, i: int) -> int:
        """As a browser does: but for comments, whatever begins so ends at the next sign."""
        return self.parse_bogus_comment(i)

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(data.replace("\n", " ") if data.strip() else " ")
