"""The newspaper's house rules: policy.toml as values. What is not written there is off."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from service.contradictions import contradictions
from service.domain import ATTRIBUTES
from service.language import KNOWN
from service.toml_files import Found, Problem, Table, TomlError, from_validation, located, nearest, parsed, read_text, unpadded
from service.wordlist import is_address, tokens

MOST_DIGITS = 6  # of a threshold or a score in words

_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)+")


def _attribute(name: str) -> str:
    if name not in ATTRIBUTES:
        raise ValueError(f"unknown attribute{nearest(name, ATTRIBUTES)} The attributes are {', '.join(ATTRIBUTES)}.")
    return name


def _rejectable(name: str) -> str:
    if name == "off_topic":
        raise ValueError("off_topic alone never rejects: give it a hold threshold instead.")
    return _attribute(name)


def _language(code: str) -> str:
    if code not in KNOWN:
        raise ValueError("expected the two-letter code of a language that can be detected, such as 'en', 'de' or 'fr'.")
    return code


def _listed_word(entry: str) -> str:
    if "*" in entry.removesuffix("*"):
        raise ValueError("a '*' may stand only at the end.")
    if not tokens(entry):
        raise ValueError("expected a word or phrase with letters in it.")
    if is_address(entry):
        raise ValueError("expected a word or phrase, not a link or an e-mail address; 'links' is for those.")
    return entry


def _domain(name: str) -> str:
    if not _DOMAIN.fullmatch(name) or name != name.lower():
        raise ValueError("expected a bare domain in small letters, such as 'example.com'; it stands for its subdomains too.")
    return name


Place = tuple[str, ...]  # () for the default, (site,), (site, section)
Threshold = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Window = Annotated[int, Field(ge=1, le=100_000)]
Entry = Annotated[str, AfterValidator(_listed_word)]
Name = Annotated[str, Field(min_length=1), AfterValidator(unpadded)]


class Exempt(Table):
    roles: tuple[Name, ...] = ()


class Words(Table):
    banned: tuple[Entry, ...] = ()
    suspect: tuple[Entry, ...] = ()


class Links(Table):
    hold_above: Count | None = None
    allowed_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()


class Repeats(Table):
    hold_above: Annotated[int, Field(ge=1)] | None = None
    hours: Window = 24


class Floods(Table):
    hold_above: Annotated[int, Field(ge=1)] | None = None
    minutes: Window = 10


class NewAuthors(Table):
    hold_until_approved: Count = 0


class Shouting(Table):
    hold_above: Threshold | None = None
    min_letters: Count = 20


class Length(Table):
    min_characters: Count = 0
    max_characters: Annotated[int, Field(ge=1)] | None = None


class Sensitive(Table):
    articles: tuple[Name, ...] = ()


class Audit(Table):
    share: Threshold = 0.0


class Settings(Table):
    """The rules in force at one place: by default, on a site, or in a section of it."""

    shadow: bool = False
    languages: tuple[Annotated[str, AfterValidator(_language)], ...] = ()
    hold: dict[Annotated[str, AfterValidator(_attribute)], Threshold] = Field(default_factory=dict)
    reject: dict[Annotated[str, AfterValidator(_rejectable)], Threshold] = Field(default_factory=dict)
    exempt: Exempt = Exempt()
    words: Words = Words()
    links: Links = Links()
    repeats: Repeats = Repeats()
    floods: Floods = Floods()
    new_authors: NewAuthors = NewAuthors()
    shouting: Shouting = Shouting()
    length: Length = Length()
    sensitive: Sensitive = Sensitive()
    audit: Audit = Audit()


class _Site(Settings):
    sections: tuple[Name, ...] = ()
    section: dict[str, Settings] = Field(default_factory=dict)


class _File(Settings):
    sites: dict[Name, _Site] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy file, checked. `version` names its very text, so that a decision can be explained years later."""

    version: str
    source: str
    places: Mapping[Place, Settings] = field(repr=False)

    @property
    def default(self) -> Settings:
        return self.places[()]

    def for_(self, site: str, section: str | None = None) -> Settings:
        """The rules of a section; where it has none of its own the site's; where the site has none, the default."""
        on_site = self.places.get((site,), self.default)
        return on_site if section is None else self.places.get((site, section), on_site)


def load(path: Path) -> Rules:
    """Raises TomlError, with a sentence for each problem, and where the file is empty: every comment would be approved."""
    text = read_text(path, "POLICY_FILE")
    if not text.strip():
        raise TomlError(
            str(path), [Problem(0, "", "the file is empty, so every comment would be approved. To try that, write shadow = true.")]
        )
    return parse(text, path.name)


def parse(text: str, name: str = "policy.toml") -> Rules:
    """Raises TomlError, with a sentence for each problem."""
    raw = _tuples(parsed(text, name))
    places = _merged(raw)
    if found := [*_invalid(raw), *contradictions(raw, places)]:
        raise TomlError(name, located(text, found))
    return Rules(
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
        source=text,
        places={place: Settings.model_validate(rules) for place, rules in places.items()},
    )


def summary(rules: Rules) -> str:
    """What is on, for a person: by default, and what each site and section changes."""
    text = [f"Policy {rules.version}", "", "By default:", *_described(rules.default)]
    for place in filter(None, rules.places):
        around = _described(rules.places[place[:-1]])
        changed = [line for line in _described(rules.places[place]) if line not in around]
        text += ["", f"Site {', section '.join(place)}:", *(changed or ["  nothing of its own"])]
    return "\n".join(text)


def threshold_in_words(threshold: float) -> str:
    """As it is written in the house rules, with two digits at the least."""
    return f"{threshold:.{_digits(threshold)}f}"


def score_in_words(score: float, threshold: float = 0.0) -> str:
    """Rounded down to the digits of the threshold, so that no score looks like a threshold that it does not reach."""
    return str(Decimal(repr(float(score))).quantize(Decimal(1).scaleb(-_digits(threshold)), ROUND_DOWN))


def _digits(threshold: float) -> int:
    exponent = Decimal(repr(float(threshold))).as_tuple().exponent
    return min(max(2, -exponent), MOST_DIGITS) if isinstance(exponent, int) else 2


def _described(settings: Settings) -> list[str]:
    """One line for each setting that does something, in the order of the file."""
    text = ["  shadow: yes, everything is approved and the rest only recorded" if settings.shadow else "  shadow: no, decisions count"]
    text.append(f"  languages: {', '.join(settings.languages) or 'any'}")
    for attribute in ATTRIBUTES:
        marks = [
            f"{name} at {threshold_in_words(getattr(settings, name)[attribute])}"
            for name in ("hold", "reject")
            if attribute in getattr(settings, name)
        ]
        text.append(f"  {attribute}: {', '.join(marks) or 'off'}")
    length, links, repeats, floods = settings.length, settings.links, settings.repeats, settings.floods
    longest = "any" if length.max_characters is None else f"{length.max_characters:,}"
    needed, shouting, letters = settings.new_authors.hold_until_approved, settings.shouting.hold_above, settings.shouting.min_letters
    capitals = None if shouting is None else f"{100 * shouting:g}%"
    return [
        *text,
        f"  exempt roles: {', '.join(settings.exempt.roles) or 'none'}",
        f"  words: {len(settings.words.banned)} banned, {len(settings.words.suspect)} suspect",
        f"  links: {_above(links.hold_above)}; domains that do not count: {', '.join(links.allowed_domains) or 'none'}",
        f"  repeats: {_above(repeats.hold_above, f' times the same text in {repeats.hours} hours')}",
        f"  floods: {_above(floods.hold_above, f' comments by one author in {floods.minutes} minutes')}",
        f"  new authors: {f'hold until {needed} of their comments are approved' if needed else 'off'}",
        f"  shouting: {_above(capitals, f' capitals in {letters} letters or more')}",
        f"  length: {length.min_characters:,} to {longest} characters",
        f"  sensitive articles: {len(settings.sensitive.articles)}",
        f"  audit: {100 * settings.audit.share:g}% of what is decided without a moderator",
    ]


def _above(limit: int | str | None, of: str = "") -> str:
    return "off" if limit is None else f"hold above {limit}{of}"


def _invalid(raw: Mapping[str, Any]) -> list[Found]:
    try:
        _File.model_validate(raw)
    except ValidationError as error:
        return from_validation(error, _File)
    return []


def _tuples(value: Any) -> Any:
    """Lists as tuples, which is what frozen settings hold."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _merged(raw: Mapping[str, Any]) -> dict[Place, dict[str, Any]]:
    """The settings in force by place. Wrong types are left for validation to report."""
    default = {key: value for key, value in raw.items() if key != "sites"}
    places: dict[Place, dict[str, Any]] = {(): default}
    for site, written in _table(raw.get("sites")).items():
        own = {key: value for key, value in _table(written).items() if key not in ("sections", "section")}
        places[site,] = _over(default, own)
        for section, changed in _table(_table(written).get("section")).items():
            places[site, section] = _over(places[site,], _table(changed))
    return places


def _over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The nearer place wins, key by key; its lists, but for the languages, are added to the inherited ones."""
    merged = dict(base)
    for key, value in changes.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _over(known, value)
        elif isinstance(known, tuple) and isinstance(value, tuple) and key != "languages":
            merged[key] = tuple(dict.fromkeys(known + value))
        else:
            merged[key] = value
    return merged
