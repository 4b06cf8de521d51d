"""What is logged: a JSON object a line with the request's id, and never a reader's words or a key."""

import ast
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from room import Visitor
from sqlalchemy import Engine, event
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

import service
from service.logs import OWN_FIELDS, JsonFormatter

SECRETIVE = {
    "id": "c1",
    "text": "secretive words, unscorable",
    "author": {"id": "a1", "name": "secretive name"},
    "article": {"id": "trains", "title": "secretive title", "text": "secretive article"},
    "parent": {"text": "secretive parent"},
}


class Lines:
    """What was logged, at every level and by everybody, as the service writes it."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.all if line["logger"] == "service.requests"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    found, root = Lines(), logging.getLogger()
    handler, level = logging.StreamHandler(found.stream), root.level
    handler.setFormatter(JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_request_is_a_line(gazette: Caller, lines: Lines) -> None:
    gazette.comment("c1", "Well said.")
    (line,) = lines.requests
    assert line.pop("milliseconds") > 0
    assert line.pop("time")
    assert line.pop("request_id")
    assert line == {
        "level": "INFO",
        "logger": "service.requests",
        "message": "request",
        "route": "/v1/comments",
        "method": "POST",
        "status": 200,
        "site": "gazette",
    }


def test_an_answer_has_the_id_of_its_line(gazette: Caller, lines: Lines) -> None:
    answer = gazette.get("/v1/comments/c1")
    assert answer.headers["X-Request-Id"] == lines.requests[0]["request_id"]


HAPROXYS = "7F000001:C34A_7F000001:523C_692CA5B1_0003:790E"
APACHES = "Z0tXmYpT3k@Jd8-cVbQ1AAAAAE"


@pytest.mark.parametrize("told", ["cms-42.a_B", HAPROXYS, APACHES, "Root=1-67891233-abcdef012345678912345678"])
def test_a_request_may_bring_its_id(gazette: Caller, lines: Lines, told: str) -> None:
    answer = gazette.call("GET", "/v1/comments/c1", {"X-Request-Id": told})
    assert answer.headers["X-Request-Id"] == lines.requests[0]["request_id"] == told


@pytest.mark.parametrize("told", ["", "a b", "a" * 65, "é", '"}', "x\t"])
def test_an_id_that_is_no_id_is_replaced(gazette: Caller, lines: Lines, told: str) -> None:
    answer = gazette.call("GET", "/v1/comments/c1", {"X-Request-Id": told})
    assert answer.headers["X-Request-Id"] != told
    assert len(lines.requests[0]["request_id"]) == 32


def test_a_failing_scorer_is_logged_with_its_place_and_without_the_text(gazette: Caller, lines: Lines) -> None:
    answer = gazette.post("/v1/comments", SECRETIVE)
    (line,) = [line for line in lines.all if line["message"] == "scoring failed"]
    assert (line["error"], line["request_id"]) == ("ValueError", answer.headers["X-Request-Id"])
    assert any("fake_models.py" in place for place in line["at"])
    assert "secretive" not in lines.text


def fail_with(engine: Engine, fault: type[DBAPIError], said: str) -> None:
    """From now on no comment is stored, and this is what the driver says."""

    def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("INSERT INTO comments"):
            raise fault(statement, parameters, Exception(said))

    event.listen(engine, "before_cursor_execute", fail)


def test_a_value_that_the_database_refuses_is_logged_without_it(gazette: Caller, engine: Engine, lines: Lines) -> None:
    fail_with(engine, DataError, "secretive words")
    answer = gazette.post("/v1/comments", SECRETIVE)
    assert answer.status_code == 500
    assert [line["error"] for line in lines.all if "error" in line] == ["ValueError", "DataError"]
    assert "secretive" not in lines.text + answer.text


def test_a_failing_database_is_logged_with_what_the_driver_says_and_without_the_text(gazette: Caller, engine: Engine, lines: Lines) -> None:
    fail_with(engine, OperationalError, "database or disk is full\nDETAIL: a row with secretive words")
    answer = gazette.post("/v1/comments", SECRETIVE)
    assert answer.status_code == 503
    assert [line["problem"] for line in lines.all if "problem" in line] == ["database or disk is full"]
    assert "secretive" not in lines.text + answer.text


def test_a_page_of_a_failing_database_is_logged_with_what_the_driver_says(
    ada: Visitor, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr("service.storage.cards.page", gone)
    assert ada.get("/review/").status_code == 503
    assert [line["problem"] for line in lines.all if "problem" in line] == ["server closed the connection unexpectedly"]


def test_nothing_that_a_reader_wrote_is_logged(gazette: Caller, lines: Lines) -> None:
    gazette.post("/v1/comments", SECRETIVE)
    gazette.post("/v1/comments", SECRETIVE | {"text": "secretive edit"})
    gazette.post("/v1/comments", SECRETIVE | {"id": 1})
    gazette.post("/v1/comments:batch", {"comments": [SECRETIVE, {"text": "secretive"}]})
    gazette.post("/v1/score", {"comments": [{"text": "secretive"}]})
    gazette.call("POST", "/v1/comments", data='{"text": "secretive')
    gazette.put("/v1/articles/trains", {"text": "secretive"})
    gazette.get("/v1/comments/secretive")
    assert len(lines.requests) == 8
    assert "secretive" not in lines.text


def test_no_key_is_logged(gazette: Caller, lines: Lines) -> None:
    assert gazette.key is not None
    gazette.comment("c1", "Well said.")
    Caller(gazette.app, gazette.key + "x").get("/v1/comments/c1")
    assert gazette.key.split("_", 2)[2] not in lines.text


def test_an_unforeseen_fault_is_logged_under_the_id_of_its_answer(
    gazette: Caller, lines: Lines, monkeypatch: pytest.MonkeyPatch, new_app: Callable[..., Flask]
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("secretive")

    monkeypatch.setattr("service.policy.decide", broken)
    answer = gazette.post("/v1/comments", SECRETIVE)
    (line,) = [line for line in lines.all if line["message"] == "request failed"]
    assert (line["error"], line["request_id"]) == ("RuntimeError", answer.get_json()["request_id"])
    assert "secretive" not in lines.text


@pytest.mark.parametrize("library", ["gunicorn.error", "authlib.integrations.base_client.sync_app"])
def test_what_a_library_was_given_is_not_logged_in_detail(library: str) -> None:
    begin = "from logging import config; from service import logs; config.dictConfig(logs.dict_config('DEBUG'))"
    code = f"{begin}; config.logging.getLogger('{library}').{{}}('said')"
    ran = [subprocess.run([sys.executable, "-c", code.format(level)], capture_output=True, text=True) for level in ("debug", "info")]
    assert [(one.returncode, "said" in one.stderr) for one in ran] == [(0, False), (0, True)]


def test_every_field_that_the_service_logs_is_written() -> None:
    trees = [ast.parse(file.read_text()) for file in Path(service.__file__).parent.rglob("*.py")]
    assert {field for tree in trees for field in fields_logged(tree)} == set(OWN_FIELDS)


def fields_logged(tree: ast.Module) -> Iterator[str]:
    """The keys of each `extra`, also where it is a name for what was put together before."""
    nodes = list(ast.walk(tree))
    assigned = {node.targets[0].id: node.value for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}
    extras = [word.value for node in nodes if isinstance(node, ast.Call) for word in node.keywords if word.arg == "extra"]
    for part in (part for extra in extras for part in ast.walk(extra)):
        told = assigned.get(part.id) if isinstance(part, ast.Name) else part
        yield from (key.value for key in told.keys if isinstance(key, ast.Constant)) if isinstance(told, ast.Dict) else ()
