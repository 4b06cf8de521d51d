"""`comments:analyze`: the scores of a comment, under the names and on the scale that its client knows. Stores nothing."""

from collections.abc import Mapping
from typing import Any

from service import language, moderation
from service.domain import ScoreInput
from service.intake.perspective.attributes import OFF_TOPIC, base, meant, ours
from service.intake.perspective.errors import Refused, language_refusal, refusal
from service.intake.perspective.payloads import AnalyzeCommentRequest, AttributeParameters
from service.intake.perspective.reading import Subject, subject
from service.intake.perspective.spans import utf16_length
from service.parts import Parts

SERVED_TYPES = ("PROBABILITY", "SCORE_TYPE_UNSPECIFIED")

Values = Mapping[str, float]  # of a text, by Perspective's names for those on its scale and by ours for the others


def analyze(parts: Parts, asked: AnalyzeCommentRequest) -> dict[str, Any]:
    """The answer to a request. Raises Refused."""
    about = subject(asked)
    wanted = _wanted(parts, asked, about)
    spans = about.sentences if asked.span_annotations else [(0, len(about.text))]
    whole, *parts_of_it = _score(parts, about, spans, {score for score, _ in wanted.values()}) if wanted else [{}]
    scored = list(zip(spans, parts_of_it or [whole], strict=False))
    attribute_scores = {
        name: _attribute(about.text, score, whole[score], scored)
        for name, (score, parameters) in wanted.items()
        if score in whole and (parameters.score_threshold is None or whole[score] >= parameters.score_threshold)
    }
    answer = {"attributeScores": attribute_scores, "languages": about.requested_languages, "detectedLanguages": about.detected_languages}
    return answer | ({} if asked.client_token is None else {"clientToken": asked.client_token})


def _wanted(parts: Parts, asked: AnalyzeCommentRequest, about: Subject) -> dict[str, tuple[str, AttributeParameters]]:
    """The model's score for each attribute that can be served. Raises Refused for another, unless those are to be dropped."""
    if not asked.requested_attributes:
        raise refusal("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    wanted = {}
    for name, told in asked.requested_attributes.items():
        parameters = told or AttributeParameters()
        if parameters.score_type not in SERVED_TYPES:
            raise refusal("INVALID_REQUEST", f"Requested score type {parameters.score_type} is not supported by attribute {name}")
        score = _served_by(parts, name)
        flaw = _flaw(parts, name, score, about)
        if flaw is not None and not asked.drop_unsupported_attributes:
            raise flaw
        if flaw is None and score is not None:
            wanted[name] = (score, parameters)
    return wanted


def _served_by(parts: Parts, name: str) -> str | None:
    """The score that means what the attribute means, on Perspective's own scale where the model knows it; None where none does."""
    on_scale, native = meant(name), ours(name)
    return on_scale if on_scale in parts.model.scale else native if native in parts.model.attributes else None


def _flaw(parts: Parts, name: str, score: str | None, about: Subject) -> Refused | None:
    if score is None:
        return refusal("INVALID_REQUEST", f"Unknown requested attribute: {name}")
    if any(not language.reads(parts.model.languages, code.lower().partition("-")[0]) for code in about.requested_languages):
        return language_refusal(name, about.detected_languages, about.requested_languages)
    if base(name) == OFF_TOPIC and about.article is None:
        return refusal("INVALID_REQUEST", f"Attribute {name} needs an article in the context.")
    return None


def _score(parts: Parts, about: Subject, spans: list[tuple[int, int]], wanted: set[str]) -> list[Values]:
    """The values of the whole text and, where there are several spans, of each; nothing is asked of a model that is not wanted."""
    texts = [about.plain, *(about.part(*span) for span in spans if len(spans) > 1)]
    inputs = [ScoreInput(text=text, article=about.article, parent=about.parent) for text in texts]
    native = moderation.score(parts, inputs) if not wanted <= set(parts.model.scale) else None
    on_scale = moderation.perspective(parts, texts) if wanted & set(parts.model.scale) else [{} for _ in texts]
    if on_scale is None or (native is not None and None in native):
        raise Refused("Internal error encountered.", code=500)
    ours_of = [scores.values for scores in native if scores] if native is not None else [{} for _ in texts]
    return [{**own, **theirs} for own, theirs in zip(ours_of, on_scale, strict=True)]


def _attribute(text: str, score: str, value: float, scored: list[tuple[tuple[int, int], Values]]) -> dict[str, Any]:
    spans = [_span(text, begin, end, values[score]) for (begin, end), values in scored if score in values]
    return {"spanScores": spans or [_span(text, 0, len(text), value)], "summaryScore": _probability(value)}


def _span(text: str, begin: int, end: int, value: float) -> dict[str, Any]:
    return {"begin": utf16_length(text[:begin]), "end": utf16_length(text[:end]), "score": _probability(value)}


def _probability(value: float) -> dict[str, Any]:
    return {"value": value, "type": "PROBABILITY"}
