"""HTML to the text that a reader sees."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.intake.markup import masked, plain, storable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Well said.", "Well said."),
        ("<div>Well said.</div><div><br></div><div>Truly.</div>", "Well said.\nTruly."),
        ("<p>Fish &amp; chips &lt;3</p>", "Fish & chips <3"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<b>b</b>c", "abc"),
        ('<a href="https://spam.example/x">here</a>', "here (https://spam.example/x)"),
        ('<a href="https://spam.example/x">https://spam.example/x</a>', "https://spam.example/x"),
        ('<a href="javascript:x">here</a>', "here"),
        ('<a href="//spam.example"></a>', "(//spam.example)"),
        ('<a href="//one.example">one<a href="//two.example">two</a></a>', "one (//one.example)two (//two.example)"),
        ("<script>alert(1)</script>Hello<style>p{}</style>", "Hello"),
        ("one\n  two\t three", "one two three"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<!-- nothing -->", ""),
        ("<!--> seen -->", "seen -->"),
        ("<!-- nothing --!> seen <!-- nothing -->", "seen"),
        ("<![CDATA[ > seen ]]>", "seen ]]>"),
        ("<![seen", "<![seen"),
        ("<![x]> seen", "seen"),
        ("<!-- no end &amp; <b>seen</b>", "<!-- no end & <b>seen</b>"),
        (f"fish &#{'1' * 5_000}; chips", "fish \ufffd chips"),
    ],
)
def test_the_visible_text_is_read(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize("beginning", ["<!--", "<!", "<?", "</", "<![CDATA["])
def test_what_has_no_end_costs_no_more_than_its_length(beginning: str) -> None:
    assert plain(beginning * 50_000).startswith(beginning)


@pytest.mark.parametrize("text", ["<!--" * 50_000, "<!-- no end <b>seen</b>"])
def test_a_comment_without_an_end_is_text_where_tags_are_masked_too(text: str) -> None:
    assert masked(f"<b>{text}") == f"   {text}"


def test_links_within_links_cost_no_more_than_their_length() -> None:
    assert plain("".join(f"<a href=//{number}>" for number in range(20_000)) + "x" * 100_000 + "</a>" * 20_000).startswith("(//0)")


@given(st.text(alphabet=st.sampled_from("<>/![]-&;#a \nbp\"'=")) | st.text())
def test_any_text_is_read_and_masked_in_place(html: str) -> None:
    plain(html)
    assert len(masked(html)) == len(html)


def test_tags_are_masked_in_place() -> None:
    assert masked("a <b>b</b>.<p>C") == "a    b    .\n  C"


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_what_is_storable_has_neither_half_pairs_nor_nuls(value: object) -> None:
    text = json.dumps(storable(value), ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text


def test_halves_and_nuls_are_replaced_one_by_one() -> None:
    assert storable({"a\x00": ["\ud83d", "\ude00x", 1]}) == {"a\ufffd": ["\ufffd", "\ufffdx", 1]}
