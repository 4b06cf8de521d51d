"""sources.toml: the shipped one is right, and a mistake is a sentence with its line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from test_cli import run
from test_sources import OWN, SHIPPED, STANDARD, STANDARD_SECRET

from service import sources
from service.sources import Description, Events, Fields, Signature
from service.toml_files import Table, TomlError


def test_the_shipped_sources_are_off_and_right() -> None:
    assert sources.parse(SHIPPED, {}) == {}
    every = sources.parse(SHIPPED.replace("enabled = false", ""), {"DISCOURSE_SECRET": "a", "GHOST_SECRET": "b"})
    assert set(every) == {"discourse", "ghost", "drupal"}


@pytest.mark.parametrize("table", [Description, Fields, Events, Signature])
def test_every_key_is_explained_in_the_shipped_file(table: type[Table]) -> None:
    explained = SHIPPED[: SHIPPED.index("\n[sources.")]
    assert [name for name in table.model_fields if not re.search(rf"\b{name}\b", explained)] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('site = "gazette"', "", 2, "sources.cms.site: Field required."),
        ('site = "gazette"', 'syte = "gazette"', 3, "sources.cms.syte: unknown key; did you mean 'site'?"),
        ('site = "gazette"', 'site = "gazette "', 3, "sources.cms.site: expected a text without blanks at its ends."),
        ('header = "X-Sign"', 'heder = "X-Sign"', 9, "sources.cms.signature.heder: unknown key; did you mean 'header'?"),
        ('"sha512"', '"md5"', 10, "sources.cms.signature.algorithm: Input should be 'sha256', 'sha1' or 'sha512'."),
        ('"v1:{timestamp}:{body}"', '"{timestamp}"', 12, "sources.cms.signature.signed: expected a text with {body} in it"),
        ('secret = "CMS_SECRET"', 'secret = "NOT_SET"', 14, "the environment has no variable NOT_SET; set it to the secret"),
        ('"CMS_SECRET"', '"whsec_c2VjcmV0aXZl"', 14, "the environment has no variable of this name; set it to the secret"),
        ('id = "/a~1b/~0"', 'id = "a/b"', 16, "sources.cms.fields.id: expected a JSON Pointer, such as '/post/id'"),
        ('id = "/a~1b/~0"', "", 2, "a source of comments needs a pointer for id among its fields."),
        ('values = ["comment"]', "values = [1]", 7, "sources.cms.events.values (item 1): expected a text in quotes."),
        ('values = ["comment"]', 'values = "comment"', 7, "sources.cms.events.values: expected a list in square brackets."),
        ('values = ["comment"]', "values = []", 7, "sources.cms.events.values: expected at least one item."),
        ('pointer = "/event"', "", 5, "sources.cms.events: expected either a header or a pointer, the one place where the values stand."),
        ('pointer = "/event"', 'pointer = "/event"\nheader = "X-Event"', 5, "sources.cms.events: expected either a header or a pointer"),
        (
            'timestamp_header = "X-Time"',
            "",
            8,
            "sources.cms.signature: {timestamp} in signed needs a timestamp_header or a timestamp_prefix.",
        ),
        ('secret = "CMS', 'tolerance = 0\nsecret = "CMS', 14, "sources.cms.signature.tolerance: expected at least 1."),
        ('"v1:{timestamp}:{body}"', '"{body}"\ntolerance = 300', 8, "sources.cms.signature: a tolerance needs {timestamp} in signed"),
        ("[sources.cms.events]", "[sources.cms.events", 5, "this is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_a_sentence_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(TomlError) as caught:
        sources.parse(OWN.replace(old, new, 1), {"CMS_SECRET": "c"})
    assert said in str(caught.value)
    assert f"sources.toml, line {line}: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "secret", "said"),
    [
        ('scheme = "standard-webhooks"', "", STANDARD_SECRET, "line 4: sources.standard.signature: expected a header"),
        (
            'secret = "S',
            'encoding = "hex"\nsecret = "S',
            STANDARD_SECRET,
            "line 4: sources.standard.signature: Standard Webhooks fix",
        ),
        ("", "", "whsec_", "line 6: sources.standard.signature.secret: the variable STANDARD_SECRET is no secret of Standard Webhooks"),
    ],
)
def test_a_mistake_in_what_standard_webhooks_need_is_a_sentence(old: str, new: str, secret: str, said: str) -> None:
    with pytest.raises(TomlError) as caught:
        sources.parse(STANDARD.replace(old, new, 1), {"STANDARD_SECRET": secret})
    assert said in str(caught.value)


@pytest.mark.parametrize("secret", [" ", "secret\r", '"secret"'])
def test_what_was_left_around_a_secret_is_not_taken_for_a_part_of_it(secret: str) -> None:
    with pytest.raises(TomlError, match=r"line 14: .* the variable CMS_SECRET has blanks, line ends or quotation marks around it"):
        sources.parse(OWN, {"CMS_SECRET": secret})


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match=r"the file cannot be read: .* SOURCES_FILE says which is read\."):
        sources.load(tmp_path / "sources.toml", {})


def test_the_command_says_what_is_received(new_app: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMS_SECRET", "c")
    file = tmp_path / "own.toml"
    file.write_text(OWN + '[sources.blog]\nsite = "news"\nsends = "articles"\n[sources.blog.fields]\narticle_id = "/id"\n')
    said = (
        "POST /v1/webhooks/cms takes comments of the site 'gazette', signed with CMS_SECRET.\n"
        "POST /v1/webhooks/blog takes articles of the site 'news', with an API key of the site.\n"
    )
    assert run(new_app(SOURCES_FILE=str(file)), "source", "check") == (0, said)
    assert run(new_app(), "source", "check", str(file)) == (0, said)


def test_the_command_names_a_mistake_by_its_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    code, said = run(app, "source", "check", str(file))
    assert code == 1
    assert "own.toml, line 14: sources.cms.signature.secret: the environment has no variable CMS_SECRET" in said


def test_the_command_says_where_nothing_is_received(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(SHIPPED)
    assert run(app, "source", "check", str(file)) == (0, "No source is enabled.\n")
