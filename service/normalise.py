"""Undoes what people do to a text so that a filter misses it. Pure, deterministic, and never raises for a `str`."""

import html
import re
import unicodedata
from functools import lru_cache

from service.disguise import SIGN, plain_words
from service.lexicon import ENDINGS, STRONG

# HTML's elements, and none else: readers also write <like this>.
_ELEMENTS = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br button canvas caption
    center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer
    form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark
    marquee menu meta meter nav nobr noframes noscript object ol optgroup option output p param picture pre progress q rp rt ruby s
    samp script section select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot
    th thead time title tr track tt u ul var video wbr
"""
# Each blank belongs to one place of the pattern alone: where two may share it, a comment of blanks takes for ever.
_ATTRIBUTE = r"""\s+[\w:-]{1,60}\s*=\s*(?:"[^"<>]{0,2000}"|'[^'<>]{0,2000}'|[^\s"'<>]{1,2000})"""
TAG = re.compile(rf"</?({'|'.join(_ELEMENTS.split())})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE)
_COMMENT_SIGNS = re.compile(r"<!--|--!?>")  # what stands between is read: a site that shows comments as plain text shows it
ENDLESS = re.compile(r"&#[0-9]{8,};?")  # an entity that is no character, and whose number Python may refuse to read
_INLINE = frozenset(
    "a abbr b big bdi bdo cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split()
)
LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']+"
    r"|(?<![\w-])[a-z0-9-]{2,63}\.(?:com|org|net|info|biz|ru|ly|tv|io|co\.uk)(?:/[^\s<>\"']*)?(?=[\s.,;:!?)]|$)",
    re.IGNORECASE,
)
HREF = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']?([^\"'\s<>]+)", re.I)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}\b")
_SPACE = re.compile(r"\s+")
_ADDRESSED = re.compile(r"^(?:@[\w.-]{2,40}[,:]? )+(?=\S)")  # whom a comment answers, at its beginning
_NAME_SIGNS = re.compile(r"[@_.,:-]+")
# A whole comment in quotation marks, brackets or emphasis quotes nobody: it is what its author says.
_WRAPPED = re.compile(r"^(?:[\"(*_]+([^\"()*_]+)[\")*_]+|'([^']+)')[.!?]?$")
_WORD = re.compile(r"[^\W_]+")

# Dick and the like, the names: before a capitalised surname that is no part of an insult.
_NAME = re.compile(
    r"\bDick(?=\s+(?!Head|Face|Move|Pic|Suck|Wad|Bag|Hole|In\b|Is\b)[A-Z][a-z]{2,}|'s\s+[A-Z])"
    r"|(?<=\bMoby[ -])Dick\b|(?<=\bTom, )Dick\b|(?<=\b[A-Z]\. )Dick\b"
    r"|\b(?:Bich|Dik)(?=\s+(?!You\b|Off\b|Head\b)[A-Z][a-z])"
)
_INITIALS = re.compile(r"\bSOB(?=s?\b)")

_LOOKALIKES = str.maketrans(
    "ħŧłđøıƒɓƙабвгдезіїјкӏмноөпрсѕтуүхһԁԛԝҽзьѵԍɡɑεαβγδηικμνορστυχωϲјոսցօհΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЅІЈКМНОРСТУХҮԌᏟЬВєёэийцɩɪʀɢʙʜʟɴʏᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱ",
    "htldoifbkabbrdeziijklmhoonpcstyyxhdqwe3bvggaeabydniкmvopotuxwcjnugohABEZHIKMNOPTYXABESIJKMHOPCTYXYGCbBeeeuuuiirgbhlnyacdejkmoptuvwzs".replace(
        "к", "k"
    ),
)
_FOLDED_SCRIPTS = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
SQUARED = (
    {0x1F130 + n: chr(97 + n) for n in range(26)}
    | {0x1F150 + n: chr(97 + n) for n in range(26)}
    | {0x1F170 + n: chr(97 + n) for n in range(26)}
)
# What pictures call somebody. All others are left out: the models learnt what words mean.
PICTURED = {
    "🖕": "fuck you",
    "💩": "poop",
    "🤡": "clown",
    "🐒": "monkey",
    "🐵": "monkey",
    "🦍": "gorilla",
    "🐀": "rat",
    "🪳": "cockroach",
}
_PICTURE = re.compile(r"(?<!\w)([{0}])\1*|([{0}])\2*(?!\w)".format("".join(PICTURED)))
_SIGNS = {"So": SIGN, "Sk": ""}  # by category; the latter are shades of skin
# Quotation marks, dashes and dots of good typography, for those that everybody types.
_PLAINER = str.maketrans(
    dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‘’‚‛′‹›`´", "'")
    | dict.fromkeys("‐‑‒–−", "-")
    | dict.fromkeys("·•∙⋅‧", ".")
    | {"—": " - ", "―": " - "}
)
_FORMAT = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_TURNED = re.compile("\u202e([^\u202c\n]*)")  # shown from its end to its begin
_INSULT = re.compile(rf"\b(?:{'|'.join(STRONG)})(?:{'|'.join(ENDINGS)})\b", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def visible(text: str) -> str:
    """The text that a reader sees: markup undone, look-alike letters and signs folded, invisible characters gone; case and punctuation
    kept.

    Links become the word `httplink`, addresses the word `mailaddress`.
    """
    text = _TURNED.sub(_as_shown, _without_markup(text))
    text = _FORMAT.sub("", _CONTROL.sub(" ", text)).translate(SQUARED)
    text = unicodedata.normalize("NFKC", text.translate(_PLAINER))
    text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))
    text = LINK.sub(" httplink ", EMAIL.sub(" mailaddress ", _FORMAT.sub("", text)))
    return _SPACE.sub(" ", _fold(text)).strip()


@lru_cache(maxsize=128)  # the rooms that ask for the same comment's; more would hold readers' texts for long
def normalise(text: str) -> str:
    """Lower-case text in which disguised words are plain and pictures are words or left out: what the models read.

    Idempotent on its own results for ordinary text, and never raises. Words that were not disguised stay as they were.
    """
    seen = _NAME.sub("Richard", _INITIALS.sub("son of a bitch", visible(text)))
    plain = _SPACE.sub(" ", plain_words(_told(seen).lower()).replace(SIGN, " ")).strip()
    return _WRAPPED.sub(lambda found: found[1] or found[2], _ADDRESSED.sub(_called, plain)).strip()


def _as_shown(turned: re.Match[str]) -> str:
    """Turned round where that is an insult; what is none before or after may be a text that runs from right to left."""
    shown = turned[1][::-1]
    return shown if _INSULT.search(shown) else turned[1]


def _called(addressed: re.Match[str]) -> str:
    """Of the names that a comment answers nothing, but for what is an insult and no name: `@you_moron`."""
    names = (plain_words(_NAME_SIGNS.sub(" ", name)).strip() for name in addressed[0].split())
    return "".join(f"{name} " for name in names if any(word in name for word in STRONG))


def _without_markup(text: str) -> str:
    for _ in range(2):
        text = html.unescape(ENDLESS.sub("\ufffd", text))
    if "<" not in text:
        return text
    text = HREF.sub(lambda link: f" {link[1]} {link[0]}", text)
    return TAG.sub(lambda tag: "" if tag[1].lower() in _INLINE else " ", _COMMENT_SIGNS.sub(" ", text))


def _told(text: str) -> str:
    """A visible text whose pictures are words, or else SIGN."""
    if text.isascii():
        return text
    shaded = "".join(c if c.isascii() or c in PICTURED else _SIGNS.get(unicodedata.category(c), c) for c in text)
    told = _PICTURE.sub(lambda picture: f" {PICTURED[picture[0][0]]} ", shaded)
    return told.translate(dict.fromkeys(map(ord, PICTURED), SIGN))  # within a word


def _fold(text: str) -> str:
    if text.isascii():
        return text
    latin = sum("a" <= c <= "z" for c in text.lower())
    other = sum(not c.isascii() and _script(c) in _FOLDED_SCRIPTS for c in text)
    return _WORD.sub(lambda word: _fold_word(word[0], mostly_latin=latin >= 2 * other), text)


def _fold_word(word: str, *, mostly_latin: bool) -> str:
    if word.isascii():
        return word
    folded = word.translate(_LOOKALIKES)
    mixed = any("a" <= c <= "z" for c in word.lower())
    return folded if mixed or (mostly_latin and folded.isascii()) else word


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ")[0]
