"""Labelled comments and articles from a folder of corpora, in every format that we know. A label that is missing stays missing."""

import csv
import hashlib
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from service.domain import MAX_TITLE, Article
from service.normalise import normalise
from training.lines import DataError, expect, jsonl, lines_of, packed_or_not, rows_of, share, shares_in, stem, text_in

# Those that a corpus's `any` means, and all that comments are labelled with.
TOXIC_ATTRIBUTES = ("toxicity", "severe_toxicity", "identity_attack", "insult", "profanity", "threat")
LABELLED = (*TOXIC_ATTRIBUTES, "spam")

# Their columns, and what we call them.
JIGSAW = {
    "toxic": "toxicity",
    "severe_toxic": "severe_toxicity",
    "obscene": "profanity",
    "threat": "threat",
    "insult": "insult",
    "identity_hate": "identity_attack",
}
CIVIL = {
    "target": "toxicity",
    "toxicity": "toxicity",
    "severe_toxicity": "severe_toxicity",
    "obscene": "profanity",
    "identity_attack": "identity_attack",
    "insult": "insult",
    "threat": "threat",
}

# Sources that ask one question, of the same people's texts, in different files.
FAMILIES = {"jigsaw-any": "jigsaw"}

TERMS = {
    "toxicity-jigsaw": "labels CC0, text CC BY-SA 3.0",
    "toxicity-jigsaw-any": "labels CC0, text CC BY-SA 3.0",
    "toxicity-civil": "CC0",
    "toxicity-hatexplain": "CC BY 4.0",
    "toxicity-gab": "CC BY 4.0",
    "toxicity-davidson": "MIT",
    "spam": "CC BY 4.0",
    "topicality-articles": "nyt-debate: Apache-2.0 repository; reddit: MIT repository, user content; others: evaluated only",
    "topicality-comments": "nyt-debate: Apache-2.0 repository; reddit: MIT repository, user content; others: evaluated only",
}

WIKI, SCORES = "perspective-wiki", "perspective-scores"

# What every row of a file that is measured says beside its text.
SAYS = {
    "test-jigsaw": ("labels.toxicity",),
    "test-surge": ("labels.toxicity",),
    "test-madlibs": ("labels.toxicity",),
    "test-hatecheck": ("labels.hateful", "functionality", "target"),
    SCORES: ("perspective.TOXICITY",),
    WIKI: ("labels.toxicity", "perspective.TOXICITY"),
}

# The sources whose articles and comments may be learnt from; the others are evaluated only.
TRAINED_ON = ("nyt-debate", "reddit")
ENCODER_FOLDS = 7

# Those of a corpus's files. The moderators' log is what benchmarks replay.
_NAMES = re.compile(
    r"((toxicity-|spam|topicality-articles|topicality-comments|test-).*|perspective-wiki|perspective-scores|toxic-spans|moderator-log)"
    r"\.jsonl(\.gz)?|.*\.csv(\.gz)?"
)
_LETTERS = re.compile(r"[\W\d_]+")
_VERSIONED = re.compile(r"[^@]+(?:@[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A comment with its labels, each 0 to 1; an attribute that was not asked is absent. `any` is 'at least one of the six'.

    `plain` is its normalised text.
    """

    text: str
    labels: Mapping[str, float]
    source: str
    plain: str

    @property
    def key(self) -> str:
        """Equal for near-copies: see text_key."""
        return _key(self.plain, self.text)

    @property
    def family(self) -> str:
        return FAMILIES.get(self.source, self.source)


@dataclass(frozen=True, slots=True)
class TopicArticle:
    id: str
    title: str
    text: str
    source: str

    def to_domain(self) -> Article:
        return Article(id=self.id, title=self.title[:MAX_TITLE], text=self.text)


@dataclass(frozen=True, slots=True)
class TopicComment:
    """A comment under an article; `on_topic` 0 to 1 where a person rated it."""

    article: str
    text: str
    on_topic: float | None = None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that was read: for the manifest and the card."""

    name: str
    sha256: str
    rows: int
    terms: str


@dataclass(frozen=True, slots=True)
class Corpora:
    texts: tuple[LabelledText, ...]
    articles: Mapping[str, TopicArticle]
    comments: tuple[TopicComment, ...]
    files: tuple[DataFile, ...]


def read(folder: Path) -> Corpora:
    """All that may be trained on: `toxicity-*`, `spam*` and `topicality-*` JSON Lines, Jigsaw's and Civil Comments' CSV.

    Texts that also occur in a `test-*` file are left out, however they are spelt. Raises DataError.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name the one that holds the corpora with --data")
    tested = {text_key(row["text"]) for row in read_tests(folder, "test-*")}
    texts, files = [], []
    for path in [*jsonl(folder, "toxicity-*"), *jsonl(folder, "spam*"), *packed_or_not(folder, "*.csv")]:
        rows = _csv(path) if ".csv" in path.name else itertools.starmap(_labelled, rows_of(path))
        found = list(tqdm(rows, desc=path.name, unit="comment", mininterval=1))
        files.append(_file(path, len(found)))
        texts += [row for row in found if row.key not in tested]
    articles, comments = _topicality(folder, files)
    if not texts and not comments:
        raise DataError(f"{folder}: holds no toxicity-*.jsonl, spam*.jsonl, topicality-*.jsonl or CSV file that can be trained on")
    return Corpora(tuple(texts), articles, tuple(comments), tuple(files))


def unknown(folder: Path) -> list[str]:
    """Those of its files that look as if they should be read, and are not, as nothing is known by their names."""
    names = sorted(path.name for path in folder.glob("*") if ".json" in path.name or ".csv" in path.name)
    return [name for name in names if not _NAMES.fullmatch(name)]


def read_tests(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a test file, as they are; empty where the folder has none by that name. Raises DataError."""
    return [row for path in jsonl(folder, name) for row in _tested(path)]


def newest(scores: Mapping[str, float], name: str) -> str:
    """Perspective's key for a name: of `TOXICITY@5` and `TOXICITY@6` the latter."""
    return max((key for key in scores if key.partition("@")[0] == name), key=lambda key: int(key.partition("@")[2] or 0))


def target(row: LabelledText, attribute: str) -> float | None:
    """The label to train `attribute` on, or None where the row says nothing about it.

    `any` = 0 is a 0 for all six; `any` = 1 names none of them, and so is a label of none: see ANY_IS_TOXIC for `toxicity`.
    """
    if attribute in row.labels:
        return row.labels[attribute]
    if attribute not in TOXIC_ATTRIBUTES or "any" not in row.labels:
        return None
    if row.labels["any"] == 0:
        return 0.0
    return ANY_IS_TOXIC * row.labels["any"] if attribute == "toxicity" else None


# Of Jigsaw's 16,225 training comments with one of the six labels, 15,294 carry `toxic`.
ANY_IS_TOXIC = 0.94


def text_key(text: str) -> str:
    """The letters of a text as the model sees them: equal for near-copies that differ in case, spacing, markup, digits or disguise."""
    return _key(normalise(text), text)


def _key(plain: str, text: str) -> str:
    return _LETTERS.sub("", plain) or text.strip()


def fold_of(key: str, folds: int) -> int:
    """A fold for a text or an article that depends on nothing else, so near-copies never face each other across a split."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8]) % folds


def encoder_never_saw(key: str) -> bool:
    """Whether the encoder is kept from a text of this key, or an article of this id: what is fitted on its outputs is fitted on these."""
    return fold_of(key, ENCODER_FOLDS) == 0


def _topicality(folder: Path, files: list[DataFile]) -> tuple[dict[str, TopicArticle], list[TopicComment]]:
    articles, comments = {}, []
    for path in jsonl(folder, "topicality-articles*"):
        rows = [TopicArticle(*(text_in(row, field, place) for field in ("id", "title", "text", "source"))) for place, row in rows_of(path)]
        files.append(_file(path, len(rows)))
        articles.update({row.id: row for row in rows})
    for path in jsonl(folder, "topicality-comments*"):
        found = [_commented(place, row, articles) for place, row in rows_of(path)]
        files.append(_file(path, len(found)))
        comments += found
    return articles, comments


def _labelled(place: str, row: dict[str, Any]) -> LabelledText:
    labels, known = shares_in(row, "labels", place), {*LABELLED, "any"}
    expect(labels.keys() <= known, "labels", place, f"some of {', '.join(sorted(known))}", ", ".join(labels))
    source = text_in(row, "source", place) if "source" in row else "own"
    return LabelledText(row["text"], labels, source, normalise(row["text"]))


def _commented(place: str, row: dict[str, Any], articles: Mapping[str, TopicArticle]) -> TopicComment:
    article, rated = row.get("article"), row.get("on_topic")
    expect(isinstance(article, str) and article in articles, "article", place, "the id of an article in topicality-articles", article)
    return TopicComment(str(article), row["text"], None if rated is None else share(rated, "on_topic", place))


def _tested(path: Path) -> Iterator[dict[str, Any]]:
    file, names = stem(path), None
    for place, row in rows_of(path):
        yield _scored(file, place, row)
        if file in (WIKI, SCORES):
            names = names or set(row["perspective"])
            expect(
                row["perspective"].keys() == names,
                "perspective",
                place,
                f"the names of line 1, {_listed(names)}",
                _listed(row["perspective"]),
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _scored(file: str, place: str, row: dict[str, Any]) -> dict[str, Any]:
    for field in ("labels", "perspective"):
        if field in row:
            shares_in(row, field, place)
    for name in row.get("perspective", ()):
        expect(_VERSIONED.fullmatch(name) is not None, "perspective", place, "a name, and a version's number behind an @", name)
    if file == "toxic-spans":
        spans = row.get("spans")
        expect(isinstance(spans, list) and all(type(at) is int for at in spans), "spans", place, "a list of characters' numbers", spans)
    for field in SAYS.get(file, ()):
        group, _, name = field.partition(".")
        if name:
            expect(name in {key.partition("@")[0] for key in row.get(group, ())}, field, place, "a number from 0 to 1", None)
        else:
            text_in(row, field, place)
    return row


def _csv(path: Path) -> Iterator[LabelledText]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    reader = csv.DictReader(lines_of(path))
    columns, source = _columns(path, reader.fieldnames or ())
    for row in reader:
        place = f"{path.name} line {reader.line_num}"
        text = text_in(row, "comment_text", place)
        told = {theirs: cell for theirs in columns if (cell := text_in(row, theirs, place)) not in ("", "-1")}
        labels = {columns[theirs]: share(_number(cell), theirs, place) for theirs, cell in told.items()}
        yield LabelledText(text, labels, source, normalise(text))


def _number(cell: str) -> float | str:
    """The number that a cell says, or else the cell."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _columns(path: Path, header: Sequence[str]) -> tuple[dict[str, str], str]:
    if "comment_text" in header and "toxic" in header:
        return {theirs: ours for theirs, ours in JIGSAW.items() if theirs in header}, "jigsaw"
    if "comment_text" in header and {"target", "toxicity"} & set(header):
        return {theirs: ours for theirs, ours in CIVIL.items() if theirs in header}, "civil"
    expected = "Jigsaw's header (comment_text, toxic, ...) or Civil Comments' (comment_text, target, ...)"
    raise DataError(f"{path.name}: expected {expected}, got {', '.join(header) or 'nothing'}")


def _file(path: Path, rows: int) -> DataFile:
    return DataFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), rows, TERMS.get(stem(path), "the operator's own data"))
