"""Where the words of a normalised text stand in the comment as it was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alignment import aligned
from service.normalise import normalise

ALPHABETS = [
    [f"&#{ord('a') + n};" for n in range(26)],
    [f"&#x{ord('a') + n:X};" for n in range(26)],
    *([chr(ord(first) + n) for n in range(26)] for first in "Ⓐⓐ🄰🅐🅰"),
]


def came_from(original: str) -> dict[str, str]:
    plain = normalise(original)
    return {plain[b:e]: original[begin:end] for (b, e), (begin, end) in aligned(original, plain)}


@pytest.mark.parametrize(
    ("original", "word", "stood"),
    [
        ("You are an idiot.", "idiot", "idiot"),
        ("You are an i d i o t!", "idiot", "i d i o t"),
        ("What a st\u200bupid plan", "stupid", "st\u200bupid"),
        ("What a <b>stupid</b> plan", "stupid", "stupid"),
        ("What a <b>stup1d</b> plan", "stupid", "stup1d"),
        ("<p>What a st<b>u</b>pid</p><p>plan</p>", "stupid", "st<b>u</b>pid"),
        ("&lt;i&gt;stup1d&lt;/i&gt; plan", "stupid", "stup1d"),
        ("</a> idiot &#65;", "idiot", "idiot"),
        ('<a href="/idiot">See this</a>', "idiot", "idiot"),
        ("&quot;STUPID&quot; is the word", "stupid", "STUPID"),
        ("this is sh1t", "shit", "sh1t"),
        ("F*** off, you", "fuck", "F***"),
        ("so he’ll see", "he'll", "he’ll"),
        ("you &#105;diot", "idiot", "&#105;diot"),
        ("you &#x69;diot!", "idiot", "&#x69;diot"),
        ("you &amp;#105;diot now", "idiot", "&amp;#105;diot"),
        ("you idio&#116", "idiot", "idio&#116"),
        ("what a caf&eacute; it is", "cafe", "caf&eacute;"),
        ("you &#8220;idiot&#8221; there", "idiot", "idiot"),
        ("f&#42;ck you", "fuck", "f&#42;ck"),
        ("fish &amp; chips", "chips", "chips"),
        ("ⓜⓞⓡⓞⓝ you", "moron", "ⓜⓞⓡⓞⓝ"),
        ("Ⓜoron you", "moron", "Ⓜoron"),
        ("🄼🄾🅁🄾🄽, you", "moron", "🄼🄾🅁🄾🄽"),
        ("you 🅜🅞🅡🅞🅝", "moron", "🅜🅞🅡🅞🅝"),
        ("you 🅼🅾🆁🅾🅽", "moron", "🅼🅾🆁🅾🅽"),
        ("you m&#9438;ron", "moron", "m&#9438;ron"),
        ("you mo☆ron", "moron", "mo☆ron"),
        ("you 🤡😂", "clown", "🤡"),
        ("and youareamoron", "moron", "youareamoron"),
        ("https://x.example/you/see you m0ron", "moron", "m0ron"),
        ("www.x.example m0ron", "moron", "m0ron"),
        ("a@x.example, m0ron", "moron", "m0ron"),
        ("Buy at https://x.example/a.", "httplink", "https://x.example/a"),
        ('<a href="https://x.example">here</a>', "httplink", "https://x.example"),
    ],
)
def test_a_word_leads_back_to_what_was_written(original, word, stood):
    assert came_from(original)[word] == stood


def test_every_word_of_the_longest_comment_is_found_though_every_other_one_is_disguised():
    original = ("you sh1t you are " * 1_200)[:20_000].strip()

    found = aligned(original, normalise(original))

    assert len(found) == len(original.split())
    assert {original[begin:end] for _, (begin, end) in found[1::4]} == {"sh1t"}


@given(st.integers(0, 4), st.sampled_from(ALPHABETS))
def test_a_letter_is_a_part_of_its_word_however_it_is_written(at, alphabet):
    word = "idiot"[:at] + alphabet[ord("idiot"[at]) - ord("a")] + "idiot"[at + 1 :]
    assert came_from(f"you {word}, there") == {"you": "you", "idiot": word, "there": "there"}


@given(st.text(max_size=200) | st.text("&#;xaimp105ⓐ🅰 '*", max_size=60))
def test_every_span_lies_in_its_text_whatever_the_text(original):
    plain = normalise(original)
    for (b, e), (begin, end) in aligned(original, plain):
        assert 0 <= b < e <= len(plain)
        assert 0 <= begin < end <= len(original)
