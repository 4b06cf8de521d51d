"""Where the words of a normalised text stand in the comment as it was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alignment import aligned
from service.normalise import normalise


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
        ("&quot;STUPID&quot; is the word", "stupid", "STUPID"),
        ("this is sh1t", "shit", "sh1t"),
        ("F*** off, you", "fuck", "F***"),
        ("so he’ll see", "he'll", "he’ll"),
    ],
)
def test_a_word_leads_back_to_what_was_written(original, word, stood):
    assert came_from(original)[word] == stood


def test_every_word_of_the_longest_comment_is_found_though_every_other_one_is_disguised():
    original = ("you sh1t you are " * 1_200)[:20_000].strip()

    found = aligned(original, normalise(original))

    assert len(found) == len(original.split())
    assert {original[begin:end] for _, (begin, end) in found[1::4]} == {"sh1t"}


@given(st.text(max_size=200))
def test_every_span_lies_in_its_text_whatever_the_text(original):
    plain = normalise(original)
    for (b, e), (begin, end) in aligned(original, plain):
        assert 0 <= b < e <= len(plain)
        assert 0 <= begin < end <= len(original)
