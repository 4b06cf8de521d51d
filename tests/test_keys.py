"""API keys: one site each, shown once, stored as a hash, revocable."""

import re
from collections.abc import Callable

import pytest
from conftest import Caller, make_caller, run
from flask import Flask
from sqlalchemy import Engine, select

from service import auth
from service.storage.engine import writing
from service.storage.tables import metadata


def done(app: Flask, *words: str) -> str:
    code, said = run(app, *words)
    assert code == 0, said
    return said


def shown_key(output: str) -> str:
    found = re.search(r"cm_\w[\w-]*", output)
    assert found
    return found[0]


def test_a_key_is_shown_once_and_works(app: Flask) -> None:
    key = shown_key(done(app, "key", "create", "--site", "gazette", "--name", "production CMS"))
    assert Caller(app, key).comment("c1", "Well said.")["comment"]["site"] == "gazette"
    assert key.split("_", 2)[2] not in done(app, "key", "list")


def test_a_list_of_keys_says_whose_they_are(app: Flask) -> None:
    assert "There is no key yet" in done(app, "key", "list")
    key = shown_key(done(app, "key", "create", "--site", "gazette", "--name", "production CMS"))
    line = done(app, "key", "list")
    assert all(word in line for word in (key.split("_")[1], "gazette", "production CMS", "in force"))


@pytest.mark.parametrize("secret_of", ["key create", "quickstart"])
def test_a_keys_secret_is_nowhere_in_the_database(app: Flask, engine: Engine, secret_of: str) -> None:
    with writing(engine) as db:
        made = auth.create_key if secret_of == "key create" else lambda db, site, **_: auth.quickstart_key(db, "s" * 32, site)
        secret = made(db, site="gazette", name="", signed=False).split("_", 2)[2]
    Caller(app, f"cm_x_{secret}").get("/v1/comments/c1")
    with engine.connect() as db:
        stored = [str(row) for table in metadata.sorted_tables for row in db.execute(select(table))]
    assert stored
    assert not [row for row in stored if secret in row]


@pytest.mark.parametrize(
    "path", ["/v1/comments/c1", "/v1/comments/nothing", "/v1/articles/trains", "/v1/queue", "/review/", "/nothing", "/readyz"]
)
def test_no_cache_keeps_an_answer_for_whoever_asks_next(gazette: Caller, path: str) -> None:
    gazette.comment("c1", "Well said.", article={"id": "trains", "title": "Night trains"})
    assert gazette.get(path).headers["Cache-Control"] == "no-store"


def test_a_revoked_key_is_401(app: Flask, gazette: Caller) -> None:
    assert gazette.key is not None
    id = gazette.key.split("_")[1]
    assert id in done(app, "key", "revoke", id)
    assert gazette.get("/v1/comments/c1").status_code == 401
    assert "revoked" in done(app, "key", "list")


@pytest.mark.parametrize("id", ["nothing", "revoked"])
def test_only_a_key_in_force_can_be_revoked(app: Flask, gazette: Caller, id: str) -> None:
    if id == "revoked":
        assert gazette.key is not None
        id = gazette.key.split("_")[1]
        done(app, "key", "revoke", id)
    code, said = run(app, "key", "revoke", id)
    assert code == 1
    assert "key list" in said


def test_revoking_one_key_of_a_site_leaves_the_other(app: Flask, gazette: Caller) -> None:
    other = make_caller(app, "gazette")
    assert gazette.key is not None
    done(app, "key", "revoke", gazette.key.split("_")[1])
    assert other.comment("c1", "Well said.")


@pytest.mark.parametrize("site", ["", " ", "a" * 101])
def test_a_key_needs_a_site_that_can_be_kept(app: Flask, site: str) -> None:
    code, said = run(app, "key", "create", "--site", site)
    assert code == 2
    assert "1 to 100 characters" in said


def test_a_keys_name_is_bounded(app: Flask) -> None:
    assert run(app, "key", "create", "--site", "gazette", "--name", "a" * 201)[0] == 2


def test_a_signed_key_needs_a_secret_key_and_leaves_no_key_without_one(new_app: Callable[..., Flask], tmp_path: object) -> None:
    app = new_app(SECRET_KEY="")
    code, said = run(app, "key", "create", "--site", "gazette", "--signed")
    assert code == 1
    assert "SECRET_KEY" in said
    assert "There is no key yet" in done(app, "key", "list")


class TestQuickstart:
    def test_it_prints_the_same_key_each_time(self, app: Flask) -> None:
        assert shown_key(done(app, "quickstart")) == shown_key(done(app, "quickstart"))

    def test_its_key_works_after_the_secret_was_lost(self, new_app: Callable[..., Flask]) -> None:
        done(new_app(), "quickstart")
        app = new_app(SECRET_KEY="t" * 32)
        assert Caller(app, shown_key(done(app, "quickstart"))).comment("c1", "Well said.")

    def test_its_key_works_after_the_earlier_was_revoked(self, app: Flask) -> None:
        old = shown_key(done(app, "quickstart"))
        done(app, "key", "revoke", old.split("_")[1])
        new = shown_key(done(app, "quickstart"))
        assert Caller(app, new).comment("c1", "Well said.")
        assert Caller(app, old).get("/v1/comments/c1").status_code == 401
