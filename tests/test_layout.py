"""What may import what, and who may call what."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import make_caller
from flask import Blueprint, Flask, g

from service import auth, routes

SERVICE = Path(__file__).parent.parent / "service"
OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/$discovery/rest"}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


@pytest.mark.parametrize("file", sorted(SERVICE.rglob("*.py")), ids=lambda file: str(file.relative_to(SERVICE)))
def test_the_service_does_not_import_training(file: Path) -> None:
    assert not {name for name in imported(file) if name.split(".")[0] in ("training", "tests", "benchmarks")}


@pytest.mark.parametrize("file", sorted(set(SERVICE.rglob("*.py")) - set((SERVICE / "storage").rglob("*.py"))), ids=lambda file: file.name)
def test_queries_are_made_in_storage_alone(file: Path) -> None:
    assert not imported(file) & {
        "sqlalchemy.select",
        "sqlalchemy.insert",
        "sqlalchemy.update",
        "sqlalchemy.delete",
        "service.storage.tables",
    }


def test_storage_and_scoring_know_nothing_of_http() -> None:
    for file in [*(SERVICE / "storage").rglob("*.py"), SERVICE / "scoring.py", SERVICE / "moderation.py"]:
        assert not {name for name in imported(file) if name.split(".")[0] in ("flask", "werkzeug")}, file


def test_every_route_has_a_declared_access(app: Flask) -> None:
    declared = {access for _, access in (*routes.API, *routes.PAGES, *routes.UNLIMITED)}
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.rpartition(".")[0]
        assert declared & set(app.before_request_funcs.get(blueprint or "(none)", [])), rule


def test_a_dialect_that_lets_the_key_stand_in_the_address_finds_it_there(new_app: Callable[..., Flask]) -> None:
    app, dialect = new_app(RATE_LIMIT="1000/second"), Blueprint("dialect", __name__)
    dialect.get("/dialect")(lambda: {"site": g.caller.site})
    auth.register(app, dialect, auth.key_in_address)
    answer = app.test_client().get(f"/dialect?key={make_caller(app, 'gazette').key}")
    assert answer.get_json() == {"site": "gazette"}


@pytest.mark.parametrize("path", sorted(OPEN))
def test_what_is_open_is_few(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 200


def test_all_else_asks_for_a_key(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule not in (*OPEN, "/batch") and not rule.rule.startswith("/review"):  # each request in a batch has a key
            refused = 400 if rule.endpoint.startswith("perspective.") else 401  # as Google says it
            address = re.sub("<[^>]+>", "a", rule.rule)
            for method in (rule.methods or set()) - {"OPTIONS"}:
                answer = app.test_client().open(address, method=method)
                assert answer.status_code == refused, (method, rule)


def test_the_pages_but_for_the_door_ask_for_a_session(app: Flask) -> None:
    doors = {"/review/sign-in", "/review/sign-in/provider", "/review/sign-in/provider/answer", "/review/static/<path:filename>"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/review") and rule.rule not in doors:
            path = re.sub("<[^>]+>", "1", rule.rule)
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                answer = app.test_client().open(path, method=method)
                assert answer.status_code in (400, 401) if method == "POST" else "/review/sign-in" in answer.headers["Location"], rule


def test_what_git_ignores_of_what_the_image_takes_is_not_in_the_image() -> None:
    root = SERVICE.parent
    copied = " ".join(re.findall(r"^COPY (?!--)(.*) \S+$", (root / "Dockerfile").read_text(), re.MULTILINE)).split()
    ignored = [line.rstrip("/") for line in (root / ".gitignore").read_text().splitlines() if line.partition("/")[0] in copied]
    assert ignored
    assert set(ignored) <= set((root / ".dockerignore").read_text().splitlines())
