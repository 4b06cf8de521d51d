"""On which line a key stands: what tomllib does not tell."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from service.toml_lines import line_of, lines

TEXT = '''# a comment with [brackets] and = signs
top = 1 # y = 2
"quoted.key".inner = [1, # one
  "x]", """
 not = "a key"
""", {deep = 1.5}]

[table . sub]
inline = {a = 1, b.c = "}"}
[[many]]
when = 1979-05-27 07:32:00
escaped = "\\"#"
literal = 'C:\\'
'''


def test_every_way_of_writing_a_key_has_its_line() -> None:
    assert lines(TEXT) == {
        ("top",): 2,
        ("quoted.key",): 3,
        ("quoted.key", "inner"): 3,
        ("quoted.key", "inner", 0): 3,
        ("quoted.key", "inner", 1): 4,
        ("quoted.key", "inner", 2): 4,
        ("quoted.key", "inner", 3): 6,
        ("quoted.key", "inner", 3, "deep"): 6,
        ("table",): 8,
        ("table", "sub"): 8,
        ("table", "sub", "inline"): 9,
        ("table", "sub", "inline", "a"): 9,
        ("table", "sub", "inline", "b"): 9,
        ("table", "sub", "inline", "b", "c"): 9,
        ("many",): 10,
        ("many", "when"): 11,
        ("many", "escaped"): 12,
        ("many", "literal"): 13,
    }


def test_windows_line_ends_count_once() -> None:
    assert lines("a = 1\r\nb = 2\r\n") == {("a",): 1, ("b",): 2}


def test_a_path_that_is_not_written_has_the_line_of_what_is_around_it() -> None:
    found = lines("\n[table]\nkey = 1\n")
    assert line_of(found, ("table", "other", 3)) == 2
    assert line_of(found, ("nowhere",)) == 1


@given(
    st.dictionaries(
        st.text("abc-_9", min_size=1, max_size=4),
        st.sampled_from(["1", "-1.5e3", "true", "[]", "[1,\n2]", '"a=b"', "'[c]'", "'''\n[d]\n'''", "{}", "{e = [1, 2]}", "2020-01-02"]),
    )
)
def test_whatever_tomllib_reads_has_a_line_for_each_key(table: dict[str, str]) -> None:
    text = "\n".join(f"{key} = {value} # {value if chr(10) not in value else ''}" for key, value in table.items())
    found = lines(text)
    written = text.split("\n")
    for key in tomllib.loads(text):
        assert written[found[(key,)] - 1].startswith(f"{key} =")
