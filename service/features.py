"""Text to numbers: n-grams, which training fits and saved models carry, and counts. Import paths are a contract with saved models.

Training and serving call the same code, so a model is never fed with features other than those it was fitted on.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.sparsefuncs_fast import inplace_csr_row_normalize_l2

from service.arrays import Bools, Singles
from service.lexicon import INNOCENT, INNOCENT_PHRASES

HASH_SPACE = 2**22
_HASHER = FeatureHasher(HASH_SPACE, input_type="string", dtype=np.float32, alternate_sign=False)

# Their letters would count against them, so n-grams see a neutral word instead.
_INNOCENT = re.compile(rf"\b(?:{'|'.join(INNOCENT_PHRASES)}|(?:{'|'.join(INNOCENT)})(?:s|es|d|ed|ing|er|ian|y|n)?)\b")

_WORDS = r"[^\W_]+|[!?]"
_LEXICAL = {
    "links": re.compile(r"\bhttplink\b"),
    "addresses": re.compile(r"\bmailaddress\b"),
    "you": re.compile(r"\b(?:you|your|yours|yourself|u|ur|ya)\b"),
    "exclamations": re.compile(r"!"),
    "questions": re.compile(r"\?"),
    "digits": re.compile(r"\d"),
    "negations": re.compile(r"\b(?:not|no|never|nobody|n't|don't|isn't|doesn't|can't|won't)\b"),
    "quotes": re.compile(r"[\"“”]"),
}
LEXICAL_COLUMNS = 1 + len(_LEXICAL)


class Ngrams(BaseEstimator):  # type: ignore[misc]
    """TF-IDF of word and character n-grams of the normalised text, from a hashed space of which only the frequent columns are kept.

    No n-gram is stored as text, so a saved model quotes no corpus.

    `word`, `char`: n-gram ranges; characters are taken within words. `min_df`: documents that a column needs. `most`: columns kept a
    block, the most frequent ones.
    """

    def __init__(self, word: tuple[int, int] = (1, 2), char: tuple[int, int] = (2, 5), min_df: int = 3, most: int = 150_000) -> None:
        self.word = word
        self.char = char
        self.min_df = min_df
        self.most = most

    def fit_plain(self, plain: Sequence[str]) -> sparse.csr_matrix:
        """Learns which columns are kept and how rare each is, from normalised texts; then as `of_plain`."""
        counts = self._counts(plain)
        self.columns_ = tuple(_frequent(block, self.min_df, self.most) for block in counts)
        self.idf_ = tuple(_idf(block, columns) for block, columns in zip(counts, self.columns_, strict=True))
        return self._weighted(counts)

    def of_plain(self, plain: Sequence[str]) -> sparse.csr_matrix:
        """Of normalised texts a CSR matrix (texts, word columns + char columns), float32, each block of unit length."""
        return self._weighted(self._counts(plain))

    def _counts(self, plain: Iterable[str]) -> list[sparse.csr_matrix]:
        texts = [without_innocents(text) for text in plain]
        return [_HASHER.transform(map(_analyse(*kind), texts)) for kind in (("word", self.word), ("char_wb", self.char))]

    def _weighted(self, counts: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
        blocks = [_tfidf(block, columns, idf) for block, columns, idf in zip(counts, self.columns_, self.idf_, strict=True)]
        return sparse.hstack(blocks, format="csr", dtype=np.float32)


def without_innocents(plain: str) -> str:
    """A normalised text whose words that only look like an insult are a neutral word."""
    return _INNOCENT.sub("name", plain)


def lexical(plain: Sequence[str]) -> Singles:
    """A few counts that n-grams do not show, of normalised texts, as a dense float32 array (texts, LEXICAL_COLUMNS): log length, and log
    counts of links, 'you', '!' and the like.

    There is no count of capitals or of undone disguises: the same words shall score the same, however they are written.
    """
    rows = [[len(text), *(len(pattern.findall(text)) for pattern in _LEXICAL.values())] for text in plain]
    return np.log1p(np.asarray(rows, dtype=np.float32).reshape(len(rows), LEXICAL_COLUMNS))


@cache
def _analyse(analyzer: str, ngrams: tuple[int, int]) -> Callable[[str], list[str]]:
    """A text's n-grams. Made once: making it takes as long as a short text."""
    found: Callable[[str], list[str]] = CountVectorizer(
        analyzer=analyzer, ngram_range=ngrams, token_pattern=_WORDS, lowercase=False
    ).build_analyzer()
    return found


def _frequent(counts: sparse.csr_matrix, min_df: int, most: int) -> npt.NDArray[np.int32]:
    """The kept columns of the hashed space, ascending."""
    df = np.bincount(counts.indices, minlength=HASH_SPACE)
    enough = np.flatnonzero(df >= min(min_df, df.max()))
    if len(enough) > most:
        enough = enough[np.argsort(-df[enough], kind="stable")[:most]]
    return np.sort(enough).astype(np.int32)


def _idf(counts: sparse.csr_matrix, columns: npt.NDArray[np.int32]) -> Singles:
    df = np.bincount(counts.indices, minlength=HASH_SPACE)[columns]
    rarity: Singles = (np.log((1 + counts.shape[0]) / (1 + df)) + 1).astype(np.float32)
    return rarity


def _tfidf(counts: sparse.csr_matrix, columns: npt.NDArray[np.int32], idf: Singles) -> sparse.csr_matrix:
    at = np.minimum(np.searchsorted(columns, counts.indices), len(columns) - 1)
    kept: Bools = columns[at] == counts.indices
    indptr = np.concatenate(([0], np.cumsum(kept)))[counts.indptr]
    data = (1 + np.log(counts.data[kept])) * idf[at[kept]]
    rows = sparse.csr_matrix((data.astype(np.float32), at[kept], indptr), shape=(counts.shape[0], len(columns)))
    inplace_csr_row_normalize_l2(rows)
    return rows
