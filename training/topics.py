"""Fits the topicality estimator: how rare words are, other articles, and a judge of true and drawn pairs, split by article."""

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from service.arrays import Floats, Ints
from service.domain import Parent, ScoreInput
from service.encoder import Encoder
from service.topicality import Topicality, Words, content_words, context_of, has_evidence
from training.calibration import cross_calibrated, curve, to_prevalence
from training.dataset import TRAINED_ON, Corpora, TopicArticle, TopicComment, encoder_never_saw, fold_of
from training.pipelines import NATURAL, HeldOut

# Comments at large: they only tell which words are rare.
GENERAL = ("civil",)
FOLDS = 3
PER_ARTICLE, PER_UNSEEN_ARTICLE = 12, 60
MIN_DF = 8
REFERENCES = 200
SEED = 20261
JUDGE_C = 0.01
BESIDE = ("article alone", "article and parent")  # the pairs of a source that figures tell apart, and
LENGTHENED = "lengthened"  # of each those whose article has what readers said under it for a text
PARTS = 4  # of an article's comments: the others than its own are a comment's article's text
SHORTEST, LONGEST = 60, 1_200  # words of such a text, at the most


@dataclass(frozen=True, slots=True)
class Pair:
    """A comment beside its own article (`wrong` 0) or a drawn one (`wrong` 1); `article` is the comment's own."""

    article: str
    input: ScoreInput
    wrong: int
    lengthened: bool


def fit_topicality(corpora: Corpora, encoder: Encoder | None = None, *, vocabulary: int) -> tuple[Topicality, HeldOut] | None:
    """The estimator, and its scores of pairs whose articles it did not see; None where no source may be trained on.

    With an encoder, pairs are drawn from the articles that it was kept from alone.
    """
    pairs = (
        draw_pairs(corpora, TRAINED_ON) if encoder is None else draw_pairs(corpora, TRAINED_ON, encoder_never_saw, most=PER_UNSEEN_ARTICLE)
    )
    folds = np.array([fold_of(pair.article, FOLDS) for pair in pairs])
    if len({pair.article for pair in pairs}) < 2 * FOLDS or len(set(folds)) < 2:
        return None
    if encoder is not None:
        encoder.remember(len(pairs))
    wrong = np.array([pair.wrong for pair in pairs], dtype=float)
    told, found = documents(corpora), {}
    for fold in tqdm(range(FOLDS), desc="topicality", unit="fold"):
        fresh = unfitted(told, vocabulary, lambda article, fold=fold: fold_of(article, FOLDS) != fold, encoder)
        mine = np.flatnonzero(folds == fold)
        found |= dict(zip(mine, fresh.features(pairs[at].input for at in tqdm(mine, desc="pairs", leave=False)), strict=True))
    features = np.array([found[at] for at in range(len(pairs))])
    margins = _crossed(features, wrong, folds)
    natural = to_prevalence(wrong, NATURAL["off_topic"])
    sources = np.array([_told_apart(pair, corpora) for pair in pairs])
    held = HeldOut(wrong, cross_calibrated(margins, wrong, natural, folds), natural, sources)
    topicality = unfitted(told, vocabulary, lambda article: True, encoder)
    topicality.weights, topicality.intercept = _judge(features, wrong)
    topicality.curve = curve(margins, wrong, natural)
    return topicality, held


def draw_pairs(
    corpora: Corpora, sources: Sequence[str], wanted: Callable[[str], bool] = lambda article: True, most: int = PER_ARTICLE
) -> list[Pair]:
    """True pairs, and as many wrong ones with another article of the same source. Half carry a parent: another comment under the same
    article as the pair claims, since the corpora have no replies. Each comes once more with a lengthened article: those that may be
    learnt from are headlines and summaries, and the longer an article is, the liker is some of it to any comment."""
    rng = np.random.default_rng(SEED)
    by_article = {name: found for name, found in _by_article(corpora, sources).items() if wanted(name)}
    pairs: list[Pair] = []
    for source in sources:
        own = [article for article in by_article if corpora.articles[article].source == source]
        for article in own if len(own) > 1 else ():
            for at, comment in enumerate(by_article[article][:most]):
                other = own[(own.index(article) + 1 + int(rng.integers(len(own) - 1))) % len(own)]
                with_parent = rng.random() < 0.5
                for claimed, wrong in ((article, 0), (other, 1)):
                    parent = _sibling(by_article[claimed], comment, rng) if with_parent else None
                    about = corpora.articles[claimed]
                    for one in (about, _lengthened(about, by_article[claimed], at % PARTS)):
                        pair = _pair(one, article, comment, parent, wrong, lengthened=one is not about)
                        pairs += [pair] if pair else []
    return pairs


@dataclass(frozen=True, slots=True)
class Documents:
    """Word lists that tell how rare a word is: comments at large, and for each article its heading and its comments."""

    general: Sequence[Words]
    articles: Mapping[str, TopicArticle]
    headings: Mapping[str, Words]
    comments: Mapping[str, Sequence[Words]]

    def of(self, seen: Callable[[str], bool]) -> list[Words]:
        headed = [self.headings[name] + comment for name in self.headings if seen(name) for comment in self.comments[name]]
        return [*self.general, *headed]


def documents(corpora: Corpora) -> Documents:
    """All that `unfitted` learns from, read once."""
    general = [content_words(row.text) for row in tqdm(corpora.texts, desc="words", unit="comment", mininterval=1) if row.source in GENERAL]
    by_article = _by_article(corpora, TRAINED_ON)
    about = {name: corpora.articles[name] for name in by_article}
    headings = {name: content_words(each.title) + content_words(each.text) for name, each in about.items()}
    return Documents(
        general, about, headings, {name: [content_words(comment.text) for comment in found] for name, found in by_article.items()}
    )


def unfitted(told: Documents, most: int, seen: Callable[[str], bool], encoder: Encoder | None = None) -> Topicality:
    """Rarity and reference articles from the seen articles and their comments, without a judge. `most`: words whose rarity is kept."""
    read = told.of(seen)
    df = Counter(word for document in read for word in set(document))
    kept = sorted(sorted(df, key=lambda word: (-df[word], word))[:most])
    kept = [word for word in kept if df[word] >= MIN_DF] or kept
    topicality = Topicality({word: float(np.log((1 + len(read)) / (1 + df[word])) + 1) for word in kept})
    if encoder is not None:
        topicality.attach(encoder)
        chosen = np.random.default_rng(SEED).permutation(sorted(filter(seen, told.headings)))[:REFERENCES]
        titles = [encoder.read_article(told.articles[name].title, "").vectors[0] for name in chosen]
        topicality.references = np.array(titles, dtype=np.float32)
    return topicality


def _by_article(corpora: Corpora, sources: Sequence[str]) -> dict[str, list[TopicComment]]:
    found: dict[str, list[TopicComment]] = defaultdict(list)
    for comment in corpora.comments:
        if corpora.articles[comment.article].source in sources:
            found[comment.article].append(comment)
    return dict(sorted(found.items()))


def _sibling(comments: Sequence[TopicComment], comment: TopicComment, rng: np.random.Generator) -> TopicComment | None:
    others = [other for other in comments if other.text != comment.text]
    return others[int(rng.integers(len(others)))] if others else None


def _lengthened(article: TopicArticle, comments: Sequence[TopicComment], part: int) -> TopicArticle:
    """The article with comments under it behind its text, apart from those of this part; always the same ones."""
    wanted = math.exp(random.Random(f"{SEED} {article.id} {part}").uniform(math.log(SHORTEST), math.log(LONGEST)))  # noqa: S311 - no secret
    others = [comment.text for at, comment in enumerate(comments) if at % PARTS != part]
    before = itertools.accumulate((len(text.split()) for text in others), initial=0)
    text = "\n".join([article.text, *(text for text, words in zip(others, before, strict=False) if words < wanted)])
    return replace(article, text=text)


def _told_apart(pair: Pair, corpora: Corpora) -> str:
    """How figures name the pair's kind."""
    kinds = [corpora.articles[pair.article].source, BESIDE[bool(pair.input.parent)]]
    return ", ".join([*kinds, LENGTHENED] if pair.lengthened else kinds)


def _pair(
    claimed: TopicArticle, own: str, comment: TopicComment, parent: TopicComment | None, wrong: int, *, lengthened: bool
) -> Pair | None:
    judged = ScoreInput(text=comment.text, article=claimed.to_domain(), parent=Parent(text=parent.text) if parent else None)
    if context_of(judged) is None or not has_evidence(content_words(comment.text)):
        return None
    return Pair(own, judged, wrong, lengthened)


def _judge(features: Floats, wrong: Floats) -> tuple[Floats, float]:
    """Weights (features,) and an intercept: a straight line, as what bends more follows one source's articles and misjudges another's."""
    scaler = StandardScaler().fit(features)
    line = LogisticRegression(C=JUDGE_C, max_iter=1000).fit(scaler.transform(features), wrong)
    weights = line.coef_[0] / scaler.scale_
    return weights, float(line.intercept_[0] - weights @ scaler.mean_)


def _crossed(features: Floats, wrong: Floats, folds: Ints) -> Floats:
    margins = np.zeros(len(wrong))
    for fold in np.unique(folds):
        inside = folds == fold
        weights, intercept = _judge(features[~inside], wrong[~inside])
        margins[inside] = features[inside] @ weights + intercept
    return margins
