"""Writes tests/evasions.tsv: `python tests/make_evasions.py`. Thirty plain comments, the word in brackets disguised in ten ways each."""

from pathlib import Path

PLAIN = """
You are a complete [idiot] and you know it.
[fuck] off
Go [fuck] yourself, nobody asked you.
What a load of [bullshit] from the mayor.
This is [shit] and so is the newspaper.
Only a [moron] would vote for that bridge.
Shut up you [stupid] man.
You are such a [bitch]
She is a lying [bitch] and everybody knows.
What an [asshole] you are.
The author is an [asshole], plain and simple.
Stop being a [dick] to everyone here.
You [pathetic] little liar.
I hope they [kill] you in your sleep.
Someone should [murder] that whole family.
[bastard]
These people are [scum] and belong in the sea.
All of them are [retarded].
You [dumb] piece of trash.
The referee is a [wanker].
He is a [faggot] and you are one too.
Filthy [whore], go home.
What a [cunt].
You sound like a [retard].
Every one of you is a [loser] without a life.
That [nigger] should not be here.
What the [fuck] is wrong with you?
He can [suck] my dick.
Total [crap] written by a fool.
You are [disgusting] vermin.
""".strip().splitlines()

LEET = str.maketrans({"a": "@", "i": "1", "o": "0", "s": "$", "e": "3"})
CYRILLIC = str.maketrans("aceopxysi", "асеорхуѕі")


def middle(word: str, inserted: str) -> str:
    half = len(word) // 2
    return word[:half] + inserted + word[half:]


def vowel(word: str) -> int:
    return next(at for at, letter in enumerate(word) if letter in "aeiou")


KINDS = {
    "dotted": ".".join,
    "spaced": " ".join,
    "hyphenated": "-".join,
    "leet": lambda word: word.translate(LEET),
    "look-alike": lambda word: word.translate(CYRILLIC),
    "invisible": lambda word: middle(word, "\u200b"),
    "stretched": lambda word: word[: vowel(word)] + word[vowel(word)] * 4 + word[vowel(word) + 1 :],
    "markup": lambda word: f"{word[0]}<b>{word[1:-1]}</b>&#{ord(word[-1])};",
    "masked": lambda word: word[: vowel(word)] + "*" + word[vowel(word) + 1 :],
    "capitals": str.upper,
}


def variants() -> list[tuple[str, str, str]]:
    """(kind, plain, variant), thirty comments times ten kinds."""
    found = []
    for line in PLAIN:
        before, _, rest = line.partition("[")
        word, _, after = rest.partition("]")
        found += [(kind, before + word + after, before + disguise(word) + after) for kind, disguise in KINDS.items()]
    return found


if __name__ == "__main__":
    lines = ["\t".join(row) for row in variants()]
    Path(__file__).with_name("evasions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
