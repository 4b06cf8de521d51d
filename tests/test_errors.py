"""What is refused, and how: RFC 9457 problems that name the field and never repeat what a reader wrote."""

import gzip
import io
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Caller
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from werkzeug.test import TestResponse

PLAIN = {"id": "c1", "text": "Well said."}


def problem(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.get_json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["X-Request-Id"]
    return body


def test_fields_without_number_are_not_named_one_by_one(gazette: Caller) -> None:
    wrong = {f"x{number}": 1 for number in range(1_000)}
    answer = gazette.post("/v1/comments", {"id": "1", "text": "Well said."} | wrong)
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "More than 100 fields are not as expected.")
    listed = gazette.post("/v1/comments:batch", {"comments": [{"id": "1", "text": "Well said."} | wrong]})
    assert len(listed.data) < 1_000


@pytest.mark.parametrize("key", [None, "nonsense", "cm_", "cm_a_b", "cm_quickstart_" + "0" * 64, "cm_\u00e9_x", "cm_a\x01_b"])
def test_without_a_valid_key_there_is_401(app: Flask, key: str | None) -> None:
    answer = Caller(app, key).post("/v1/comments", PLAIN)
    assert (problem(answer)["status"], answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_key_with_another_secret_is_401(gazette: Caller, herald: Caller) -> None:
    assert gazette.key is not None
    assert herald.key is not None
    mixed = gazette.key.rpartition("_")[0] + "_" + herald.key.split("_", 2)[2]
    assert Caller(gazette.app, mixed).post("/v1/comments", PLAIN).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\xff",
        b'{"id": "c1", "text": "\xed\xa0\x80"}',
        b'{"id": "c1", "text": "\\x41"}',
        b"\xef\xbb\xbf{}",
        b"[" * 9_999,
    ],
)
def test_a_body_that_is_not_json_is_400(gazette: Caller, body: bytes) -> None:
    assert problem(gazette.call("POST", "/v1/comments", data=body))["status"] == 400


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (
            gzip.compress(b'{"id": "c1", "text": "Well said."}', mtime=0),
            {"Content-Encoding": "gzip"},
            "it is compressed; send it without Content-Encoding",
        ),
        (b"", {}, "it is empty"),
        (b"\xef\xbb\xbf{}", {}, "it begins with a byte order mark; leave that out"),
        ('{"id": "c1", "text": "Très bien."}'.encode("latin-1"), {}, "it is not UTF-8 from byte 25 on"),
        (b"{", {}, "EOF while parsing an object at line 1 column 1"),
    ],
)
def test_a_body_that_is_not_json_says_what_it_is(gazette: Caller, body: bytes, headers: dict[str, str], said: str) -> None:
    assert f"The body is not JSON: {said}" in problem(gazette.call("POST", "/v1/comments", headers, data=body))["detail"]


def test_a_body_that_stalls_before_its_length_is_400_and_says_so(gazette: Caller) -> None:
    class Stalled(io.BytesIO):
        def readinto(self, _buffer: Any) -> int:
            raise BlockingIOError

    answer = gazette.call("POST", "/v1/comments", environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input": Stalled()})
    assert problem(answer)["detail"] == "The body broke off before its end; its Content-Length may be too large."


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1", "/nothing", "/static/x"),
        *("/v1/articles/nothing", "/v1/articles/%00", "/v1/articles/" + "a" * 3_000),
        *("/v1/comments/", "/v1/comments/nothing", "/v1/comments/%00", "/v1/comments/%ff", "/v1/comments/%ed%a0%80"),
    ],
)
def test_what_is_not_there_is_404(gazette: Caller, path: str) -> None:
    assert problem(gazette.get(path))["status"] == 404


def test_an_address_that_there_is_not_says_where_they_are_listed(stranger: Caller) -> None:
    assert problem(stranger.get("/v1/coments"))["detail"] == "There is no such address. `GET /openapi.json` lists those of the API."


def test_a_method_that_there_is_not_is_405_and_says_which_there_are(gazette: Caller) -> None:
    answer = gazette.call("DELETE", "/v1/comments/c1")
    found = problem(answer)
    assert (found["status"], found["detail"]) == (405, "This address does not take DELETE: it takes GET, HEAD, OPTIONS.")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("about", "field", "expected"),
    [
        ({"text": None}, "text", "a text"),
        ({"text": 7}, "text", "a text"),
        ({"text": ""}, "text", "at least 1 character"),
        ({"text": " \n\t\u2003"}, "text", "a text that is not blank"),
        ({"text": "a" * 20_001}, "text", "at most 20000 characters"),
        ({"text": "a\x00b"}, "text", "a text without NUL characters"),
        ({"id": 7}, "id", "a text"),
        ({"id": "a" * 201}, "id", "at most 200 characters"),
        ({"id": " "}, "id", "a text that is not blank"),
        ({"id": "a\x00"}, "id", "a text without NUL characters"),
        ({"colour": "red"}, "colour", "no field of this name"),
        ({"article": {}}, "article", "the article's id or url, so that it can be kept"),
        ({"article": "trains"}, "article", "an object"),
        ({"article": {"id": "a" * 2_001}}, "article.id", "at most 2000 characters"),
        ({"article": {"id": "é" * 1_500}}, "article.id", "at most 2,000 bytes of UTF-8"),
        ({"article": {"id": "a", "title": "a" * 1_001}}, "article.title", "at most 1000 characters"),
        ({"article": {"id": "a", "text": "a" * 200_001}}, "article.text", "at most 200000 characters"),
        ({"parent": {"id": "a\x00"}}, "parent.id", "a text without NUL characters"),
        ({"author": {"name": "Ada"}}, "author.id", "this field, which is required"),
        ({"author": {"id": "a1", "name": "a" * 201}}, "author.name", "at most 200 characters"),
        ({"created_at": "yesterday"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "2026-02-29T12:00:00Z"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "2026-03-01T12:00:00"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "20260301"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "1772366400"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": 1772366400}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "2026-03-01"}, "created_at", "a time with its zone, such as 2026-03-01T12:00:00Z"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at", "a time from 1970 to 2199"),
        ({"created_at": "9999-12-31T23:59:59-12:00"}, "created_at", "a time from 1970 to 2199"),
        ({"language": "English, please"}, "language", "a language's tag, such as 'en' or 'en-GB'"),
        ({"language": "en\n"}, "language", "a language's tag, such as 'en' or 'en-GB'"),
        ({"section": []}, "section", "a text"),
    ],
)
def test_a_field_that_is_not_as_expected_is_422_and_is_named(gazette: Caller, about: dict[str, Any], field: str, expected: str) -> None:
    found = problem(gazette.post("/v1/comments", PLAIN | about))
    assert (found["status"], found["errors"][0]) == (422, {"field": field, "expected": expected})


def test_every_wrong_field_is_named(gazette: Caller) -> None:
    found = problem(gazette.post("/v1/comments", {"text": 1, "section": 2}))
    assert [error["field"] for error in found["errors"]] == ["id", "text", "section"]


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00", r"\ud800\u0041", r"\ud83d!"])
def test_half_of_a_surrogate_pair_is_422(gazette: Caller, text: str) -> None:
    found = problem(gazette.call("POST", "/v1/comments", data=f'{{"id": "c1", "text": "{text}"}}'))
    assert (found["status"], [error["field"] for error in found["errors"]]) == (422, ["text"])


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        (
            "comments",
            r'{"id": "c1", "text": "Fine.", "article": {"id": "a", "title": "\ud83d"}, "author": {"id": "\ud83d"}}',
            ["article.title", "author.id"],
        ),
        ("comments", r'{"id": "c1", "text": "Fine.", "\ud83d": 1}', ["body"]),
        ("score", r'{"comments": [{"text": "Fine."}, {"text": "\ud83d"}]}', ["comments.1.text"]),
    ],
)
def test_half_of_a_surrogate_pair_is_found_in_its_field(gazette: Caller, path: str, body: str, fields: list[str]) -> None:
    found = problem(gazette.call("POST", f"/v1/{path}", data=body))
    assert (found["status"], [error["field"] for error in found["errors"]]) == (422, fields)


def test_half_of_a_surrogate_pair_in_a_list_is_found_in_its_comment(gazette: Caller) -> None:
    body = r'{"comments": [{"id": "c1", "text": "Fine."}, {"id": "c2", "text": "\ud83d"}]}'
    told = gazette.call("POST", "/v1/comments:batch", data=body).get_json()["results"]
    assert told[0]["result"]["decision"] == "approve"
    assert [error["field"] for error in told[1]["problem"]["errors"]] == ["text"]


def test_no_answer_repeats_what_a_reader_wrote(gazette: Caller) -> None:
    answer = gazette.post("/v1/comments", {"id": "secretive" * 99, "text": ["secretive"], "author": {"id": 1, "name": "secretive" * 99}})
    assert answer.status_code == 422
    assert "secretive" not in answer.text


@pytest.mark.parametrize("size", [1_000_001, 1_500_000])
@pytest.mark.parametrize("path", ["/v1/comments", "/v1/articles/trains"])
def test_a_body_over_1_mb_is_413(gazette: Caller, path: str, size: int) -> None:
    found = problem(gazette.call("PUT" if "articles" in path else "POST", path, data=b" " * size))
    assert (found["status"], found["detail"]) == (413, "The body is over 1,000,000 bytes.")


def test_a_list_over_32_mb_is_413(gazette: Caller) -> None:
    assert problem(gazette.call("POST", "/v1/score", data=b" " * 32_000_001))["status"] == 413


@pytest.mark.parametrize("id", ["%00", "%20", "a%00b", quote("é" * 1_001), "a" * 2_001])
def test_an_article_cannot_be_told_by_an_id_that_cannot_be_kept(gazette: Caller, id: str) -> None:
    assert problem(gazette.put(f"/v1/articles/{id}", {}))["status"] == 422


def test_an_article_cannot_be_told_by_an_id_in_latin_1(gazette: Caller) -> None:
    answer = gazette.call("PUT", "/v1/articles/cafe", json={}, environ_overrides={"PATH_INFO": "/v1/articles/caf\xe9"})
    assert problem(answer)["errors"] == [{"field": "id", "expected": "UTF-8, percent-encoded"}]


UNUSUAL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=100)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=UNUSUAL.filter(str.strip), name=UNUSUAL, title=UNUSUAL)
@example(text="Four bytes 😀👩‍👩‍👧", name="𝒜da", title="🚆")
@example(text="שלום ‏עולם مرحبا", name="نور", title="רכבות")
@example(text="e\u0301 o\u0308 Z\u0335a\u0334l\u0337g\u0336o", name="Zoe\u0308", title="n\u0303")
@example(text="\ufeff\u200b\x01\x7f\x85\ufffe\uffff\r\n'\"\\%s;--", name="\x1b[0m", title="\U0010ffff")
def test_any_text_survives_the_round_trip(gazette: Caller, text: str, name: str, title: str) -> None:
    id = uuid.uuid4().hex
    author, article = {"id": f"a{name}", "name": name}, {"id": "trains", "title": title}
    answer = gazette.comment(id, text, author=author, article=article, section=name)
    found = gazette.get(f"/v1/comments/{id}").get_json()
    assert answer["comment"]["text"] == found["comment"]["text"] == found["decisions"][0]["text"] == text
    assert found["comment"]["section"] == name
    assert gazette.get("/v1/articles/trains").get_json()["title"] == title


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some)
)
KNOWN = st.dictionaries(st.sampled_from(["id", "text", "article", "parent", "author", "site", "section", "language", "created_at"]), JSON)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["comments", "comments:batch", "score"]),
    body=JSON | KNOWN | st.builds(lambda some: {"comments": some}, st.lists(KNOWN)),
)
def test_no_json_is_a_fault(gazette: Caller, path: str, body: Any) -> None:
    assert gazette.post(f"/v1/{path}", body).status_code in (200, 400, 403, 422)


@pytest.fixture
def unplugged(gazette: Caller, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The newspaper's CMS, after its database went away."""
    from sqlalchemy.exc import OperationalError

    def refuse(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT secretive", {"text": "secretive"}, Exception("secretive"))

    engine.dispose()
    monkeypatch.setattr(engine.dialect, "connect", refuse)
    return gazette


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/comments:batch", "/v1/score"])
def test_without_a_database_there_is_503_and_when_to_come_again(unplugged: Caller, path: str) -> None:
    answer = unplugged.post(path, PLAIN)
    assert problem(answer)["status"] == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "secretive" not in answer.text


def test_a_comment_that_could_not_be_stored_is_taken_later(gazette: Caller, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    from service.storage import comments

    def lost(*_: Any) -> Any:
        raise OperationalError("INSERT", {}, Exception("connection lost"))

    with monkeypatch.context() as patch:
        patch.setattr(comments, "keep", lost)
        assert gazette.post("/v1/comments", PLAIN).status_code == 503
    assert gazette.comment("c1", "Well said.")["repeated"] is False


def test_a_fault_of_the_service_is_500_without_its_cause(gazette: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from service import policy

    def broken(*_: Any) -> Any:
        raise RuntimeError("secretive")

    monkeypatch.setattr(policy, "decide", broken)
    answer = gazette.post("/v1/comments", PLAIN)
    assert problem(answer)["status"] == 500
    assert "secretive" not in answer.text
    assert "Traceback" not in answer.text
