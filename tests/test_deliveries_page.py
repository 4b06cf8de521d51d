"""The page of what the CMS was told, and who may send it again."""

import re

import pytest
from conftest import Caller
from flask import Flask
from room import make_moderator
from sqlalchemy import select, update
from test_delivery import listen

from service.domain import Role
from service.review import deliveries as page
from service.storage import endpoints
from service.storage.engine import writing
from service.storage.tables import deliveries


def test_messages_are_shown_to_their_sites_moderators_and_an_admin_sends_them_again(app: Flask, gazette: Caller, herald: Caller) -> None:
    listen(app.extensions["parts"], "https://cms.example/hooks")
    gazette.comment("c1", "How rude.")
    with writing(app.extensions["parts"].engine) as db:
        id = db.execute(update(deliveries).values(state="dead", attempts=10).returning(deliveries.c.id)).scalar_one()
    listen(app.extensions["parts"], "https://cms.example/hooks", site="herald")
    herald.comment("h1", "How rude.")
    alice = make_moderator(app, "Alice", "gazette")
    assert "given up after 10 attempts" in alice.get("/review/deliveries/").text
    assert id not in alice.get("/review/deliveries/?state=delivered").text
    again = f"/review/deliveries/{id}/replay"
    assert alice.send(again).status_code == 403
    charlie = make_moderator(app, "Charlie", "herald", role=Role.ADMIN)
    assert id not in charlie.get("/review/deliveries/").text
    assert charlie.send(again).status_code == 404
    bob = make_moderator(app, "Bob", "gazette", role=Role.ADMIN)
    assert bob.send(again).status_code == 302
    page = bob.get("/review/deliveries/?state=waiting").text
    assert id in page
    assert bob.get(re.findall(r"/review/comments/\d+", page)[0]).text.count("comment.decided") == 1


def test_messages_go_on_page_after_page(app: Flask, gazette: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", 2)
    listen(app.extensions["parts"], "https://cms.example/hooks")
    for number in range(4):
        gazette.comment(f"c{number}", f"How rude, {number}.")
    alice = make_moderator(app, "Alice", "gazette")
    first = alice.get("/review/deliveries/?state=waiting").text
    (older,) = re.findall(r'href="(/review/deliveries/\?before=[^"]+)"', first)
    last = alice.get(older.replace("&amp;", "&")).text
    assert re.findall(r">(c\d)<", first + last) == ["c3", "c2", "c1", "c0"]
    assert "Older" not in last


def test_what_a_later_message_replaced_is_shown_and_not_sent_again(app: Flask, gazette: Caller) -> None:
    listen(app.extensions["parts"], "https://cms.example/hooks")
    bob = make_moderator(app, "Bob", "gazette", role=Role.ADMIN)
    for text in ("How rude.", "Fine."):
        gazette.comment("c1", text)
    with writing(app.extensions["parts"].engine) as db:
        db.execute(update(deliveries).values(state="delivered"))
        first = db.execute(select(deliveries.c.id).order_by(deliveries.c.pk)).scalars().first()
    page = bob.get("/review/deliveries/").text
    assert (page.count("comment.decided</span>"), page.count("Send again")) == (2, 1)
    assert bob.send(f"/review/deliveries/{first}/replay").status_code == 404


def test_what_a_deleted_endpoint_was_told_is_shown_and_not_sent_again(app: Flask, gazette: Caller) -> None:
    endpoint = listen(app.extensions["parts"], "https://cms.example/hooks")
    gazette.comment("c1", "How rude.")
    bob = make_moderator(app, "Bob", "gazette", role=Role.ADMIN)
    with writing(app.extensions["parts"].engine) as db:
        db.execute(update(deliveries).values(state="delivered"))
    assert "Send again" in bob.get("/review/deliveries/").text
    with writing(app.extensions["parts"].engine) as db:
        endpoints.delete(db, endpoint)
    page = bob.get("/review/deliveries/").text
    assert ("comment.decided" in page, "Send again" in page) == (True, False)


def test_a_message_that_no_database_can_name_is_not_found(app: Flask) -> None:
    bob = make_moderator(app, "Bob", "gazette", role=Role.ADMIN)
    assert bob.send("/review/deliveries/%00/replay").status_code == 404
