"""Is a comment about its article? Shared words, and what both read like beside other articles. Saved models carry the estimator."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from service.alignment import Span, aligned
from service.arrays import Floats, Singles
from service.domain import Article, ScoreInput
from service.encoder import ArticleReading, Encoder, Reading, starts, unit
from service.heads import Attached, calibrated
from service.lexicon import FUNCTION_WORDS
from service.normalise import normalise

Words = tuple[str, ...]

# Those that serve articles of one kind as well when they were weighed on another.
PAIR_FEATURES = ("comment_words", "context_overlap", "best_cosine", "has_parent", "article_words")
# Of the encoder's reading, where there is one.
READ_FEATURES = (
    *("read_best", "read_best_three", "read_title", "read_parent", "read_against_others", "read_against_nearest"),
    *("tokens_matched", "weightiest_matched", "title_matched", "greatest_weight"),
)
# Each of these once more, times comment_words: the more a comment says, the more its likeness to the article tells.
TIMES_WORDS = ("context_overlap", "read_title", "read_against_others", "tokens_matched", "greatest_weight")

# Fewer content words than this say nothing about a topic.
MIN_CONTENT_WORDS = 2

WINDOW, STEP = 120, 60
NEAREST = 10  # other articles that a comment is nearest to
WEIGHTIEST, FEWEST = 4, 3  # a comment's weightiest tokens: one of so many, and at least so many

MOST_STRANGE = 5  # words that explain why a comment is off topic

_WORD = re.compile(r"[^\W\d_]{2,}(?:'[a-z]+)?|\d{2,}")
# What people say under any article.
_REACTIONS = frozenset(
    """
    absolutely agree agreed agrees agreeing amen amazing article author awesome bad best better big bless bravo brilliant clap comment
    comments congrats congratulations cool correct correctly couldn couldnt disagree disagreed excellent exactly fair fantastic fine
    first fully funny fun god good great guess haha hahaha hear hello hey hi hmm hope idea idk indeed insightful interesting kind know
    knows lmao lol lmfao love loved luck makes mean means much my nah nice nonsense nope ok okay omg opinion oh perfect perfectly piece
    point points posted post read reading reader remark reply response rofl right rightly sad same seriously share sharing shared sense
    side smh spot statement story sweet terrible thank thanks thankful think thoughtful thought thoughts thread totally tell true truer
    truly truth truthfully true understand view views welcome well wonderful word words worst wow wrong wtf write writer writing written
    wrote yeah yep yup yes dear sir madam look looking try time completely couldn't put said hilarious ridiculous brilliantly
    beautifully superb lovely amusing very bit feel feeling believe come back day people man guy guys
    """.split()
)
_UNTOPICAL = FUNCTION_WORDS | _REACTIONS
_SUFFIXES = ("'s", "ingly", "ings", "ing", "edly", "ies", "ied", "ed", "es", "ly", "s")


@dataclass(frozen=True, slots=True)
class Context:
    """What a comment may be about: the article's title and windows of its text, and the comment that it answers."""

    title: Words
    windows: tuple[Words, ...]
    parent: Words


class Topicality(Attached):
    """Probability that a comment is not about its article, from PAIR_FEATURES and, where it was fitted with an encoder, READ_FEATURES,
    and TIMES_WORDS of those.

    `rarity`: that of each known word, as TF-IDF weighs it. `references`: other articles' titles as the encoder reads them, of unit length
    (articles, 384), or None. `weights`: those of the features, (features,), None before they are learnt; with `intercept` they give
    log-odds. `curve`: their calibration.
    """

    attributes = ("off_topic",)

    def __init__(
        self,
        rarity: Mapping[str, float],
        references: Singles | None = None,
        weights: Floats | None = None,
        intercept: float = 0.0,
        curve: tuple[Floats, Floats] | None = None,
    ) -> None:
        self.rarity = rarity
        self.rarest = max(rarity.values(), default=1.0)
        self.references = references
        self.weights = weights
        self.intercept = intercept
        self.curve = curve

    def rate(self, inputs: Sequence[ScoreInput]) -> Floats:
        """Probabilities, (inputs, 1): NaN where there is no article, or nothing topical in the comment or the article."""
        rated = np.full((len(inputs), 1), np.nan)
        judged = [at for at, each in enumerate(inputs) if has_evidence(content_words(each.text)) and context_of(each)]
        if judged and self.weights is not None and self.curve is not None:
            features = self.features(inputs[at] for at in judged)
            # Sums of products, not `@`: the same row gives the same bytes alone and in a batch.
            rated[judged, 0] = calibrated((features * self.weights).sum(axis=1) + self.intercept, *self.curve)
        return rated

    def explain(self, one: ScoreInput, attribute: str) -> list[Span]:
        """The rarest words of the comment that neither the article nor the parent has."""
        context, plain = context_of(one), normalise(one.text)
        if context is None:
            return []
        known = frozenset(context.title).union(context.parent, *context.windows)
        strange = [
            (self._rarity(word), theirs)
            for (begin, end), theirs in aligned(one.text, plain)
            for word in content_words(plain[begin:end])
            if word not in known
        ]
        return sorted(theirs for _, theirs in sorted(strange, reverse=True)[:MOST_STRANGE])

    def features(self, inputs: Iterable[ScoreInput]) -> Floats:
        """(inputs, features), of inputs with an article. Each is judged alone, so its numbers do not depend on its neighbours."""
        encoder = self._encoder if self.references is not None else None
        rows = [[*self._compared(each), *(self._read(each, encoder) if encoder else ())] for each in inputs]
        names = (*PAIR_FEATURES, *(READ_FEATURES if encoder else ()))
        found = np.array(rows, dtype=np.float64).reshape(-1, len(names))
        words, multiplied = names.index("comment_words"), [names.index(name) for name in TIMES_WORDS if name in names]
        return np.hstack([found, found[:, [words]] * found[:, multiplied]])

    def _compared(self, each: ScoreInput) -> list[float]:
        comment, context = content_words(each.text), context_of(each) or Context((), (), ())
        own, title, parent = frozenset(comment), frozenset(context.title), frozenset(context.parent)
        about = title.union(*context.windows)
        candidates = [title.union(window) for window in context.windows] or [title]
        return [
            np.log1p(len(own)),
            self._sum(own & (about | parent)) / (self._sum(own) or 1.0),
            self._best_cosine(own, candidates),
            float(bool(parent)),
            np.log1p(len(about)),  # the more an article says, the liker some of it is to any comment
        ]

    def _read(self, each: ScoreInput, encoder: Encoder) -> list[float]:
        article = each.article or Article()
        about, comment = encoder.read_article(article.title, article.text), encoder.read(normalise(each.text))
        parent = encoder.read(normalise(each.parent.text)) if each.parent else None
        mine = unit(comment.vectors.mean(axis=0))
        title, *passages = _dots(about.vectors, mine)
        others = _dots(np.asarray(self.references), mine)
        answering = float(_dots(mine, unit(parent.vectors.mean(axis=0)))) if parent else 0.0
        best = sorted(passages)[-3:]
        return [
            *(best[-1], float(np.mean(best)), title, answering),
            *_against(max(best[-1], answering), others),
            *_matched(comment, about),
        ]

    def _sum(self, words: frozenset[str]) -> float:
        return sum(sorted(map(self._rarity, words)))

    def _rarity(self, word: str) -> float:
        return self.rarity.get(word, self.rarest)

    def _best_cosine(self, one: frozenset[str], others: Iterable[frozenset[str]]) -> float:
        """The greatest of the cosines of one set of words with each of others."""
        own = self._squares(one) or 1.0
        return max(float(self._squares(one & other) / np.sqrt(own * (self._squares(other) or 1.0))) for other in others)

    def _squares(self, words: frozenset[str]) -> float:
        return sum(sorted(self._rarity(word) ** 2 for word in words))


def has_evidence(comment: Words) -> bool:
    """Whether the comment has topical content at all; 'Well said!' has none."""
    return len(set(comment)) >= MIN_CONTENT_WORDS


@lru_cache(maxsize=512)
def content_words(text: str) -> Words:
    """The text's words that can be about something, in order, in a shortened form that joins singular and plural."""
    words = [word for word in _WORD.findall(normalise(text)) if word not in _UNTOPICAL]
    stems = {word: _stem(word) for word in words}
    return tuple(stems[word] for word in words)


def context_of(each: ScoreInput) -> Context | None:
    """What the comment may be about, or None where nothing is known of it."""
    if each.article is None:
        return None
    title, windows = content_words(each.article.title), _windows(each.article.text)
    if not title and not any(windows):
        return None
    return Context(title, windows, content_words(each.parent.text) if each.parent else ())


@lru_cache(maxsize=256)
def _windows(text: str) -> tuple[Words, ...]:
    words = content_words(text)
    return tuple(words[start : start + WINDOW] for start in starts(len(words), WINDOW, STEP)) if words else ()


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)] + ("y" if suffix in ("ies", "ied") else "")
            break
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _against(nearest: float, others: Floats) -> list[float]:
    """A likeness beside those to other articles: in their standard deviations, and how far it exceeds the greatest of them.

    The latter as in cross-domain similarity local scaling (Conneau et al. 2018, arXiv:1710.04087).
    """
    greatest = np.sort(others)[-NEAREST:]
    return [(nearest - float(others.mean())) / (float(others.std()) + 1e-3), nearest - float(greatest.mean())]


def _matched(comment: Reading, about: ArticleReading) -> list[float]:
    """How like a comment's tokens the likest of an article are: all of them by weight, the weightiest, and the likest pair with the
    title; and the greatest weight, as a comment of light tokens alone may be about anything.

    Late interaction, as in ColBERT (Khattab and Zaharia 2020, arXiv:2004.12832).
    """
    if not len(about.tokens) or not len(comment.tokens):
        return [0.0, 0.0, 0.0, 0.0]
    likeness, weights = comment.tokens @ about.tokens.T, comment.weights
    likest = likeness.max(axis=1)
    weightiest = np.argsort(-weights, kind="stable")[: max(FEWEST, len(weights) // WEIGHTIEST)]
    matched = [float((likest * weights).sum() / weights.sum()), float(likest[weightiest].mean())]
    return [*matched, float(likeness[:, : about.title].max(initial=0.0)), float(weights.max())]


def _dots(rows: Floats, other: Floats) -> Floats:
    """The dot product of each row with a vector; by `einsum`, as it is quick and takes no threads for what is small."""
    return np.asarray(np.einsum("...i,i->...", rows, other))
