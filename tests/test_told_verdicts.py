"""A verdict, its correction and its undo reach the CMS: in order, with the last word right, and not before they may be taken back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from receiver import Clock, Receiver
from sqlalchemy import select
from test_delivery import deliver_all, listen

from service import moderation, signin, verdicts
from service.delivery import LEASE
from service.domain import Moderator, Outcome, Rejection, Role, Verdict
from service.events import UNDO_WINDOW
from service.parts import Parts
from service.storage import comments, endpoints, outbox
from service.storage.engine import reading, writing
from service.storage.tables import verdicts as verdicts_table


@pytest.fixture
def app(new_app: Callable[..., Flask]) -> Flask:
    return new_app(ALLOW_PRIVATE_WEBHOOKS="yes")


@pytest.fixture
def alice(parts: Parts) -> Moderator:
    """A moderator."""
    return signin.create(parts, name="Alice", role=Role.MODERATOR, sites=["gazette"], password=None)


@pytest.fixture
def held(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> int:
    """A held comment, of whose decision the CMS was told."""
    listen(parts, receiver.url)
    gazette.comment("c1", "How rude.")
    deliver_all(parts, clock)
    receiver.got.clear()
    with reading(parts.engine) as db:
        row = comments.find(db, "gazette", "c1")
        assert row is not None
        return int(row.pk)


def said(outcome: Outcome) -> Verdict:
    code = Rejection.SPAM if outcome is Outcome.REJECT else None
    return Verdict(outcome=outcome, moderator="Alice", at=datetime.now(UTC), reason_code=code)


def heard(receiver: Receiver) -> list[tuple[str, str, str]]:
    """Event, action, and where the comment stands."""
    bodies: list[Any] = [json.loads(body) for _, body in receiver.got]
    return [(body["type"], body["data"]["verdict"]["action"], body["data"]["comment"]["state"]) for body in bodies]


def is_told(parts: Parts) -> list[bool]:
    with reading(parts.engine) as db:
        return [row.told_at is not None for row in db.execute(select(verdicts_table).order_by(verdicts_table.c.pk))]


def test_a_verdict_is_told_once_it_cannot_be_a_slip(parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    assert deliver_all(parts, clock) == []
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    assert heard(receiver) == [("comment.verdict", "verdict", "approve")]
    assert is_told(parts) == [True]
    with pytest.raises(verdicts.Conflict, match="CMS was told"):
        verdicts.undo_move(parts, alice)


def test_a_verdict_that_waited_to_be_stored_is_told_no_sooner(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, replace(said(Outcome.APPROVE), at=datetime.now(UTC) - UNDO_WINDOW))
    assert deliver_all(parts, clock) == []


def test_of_many_verdicts_none_is_told_before_all_can_be_undone(
    parts: Parts, gazette: Caller, alice: Moderator, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("c1", "c2"):
        gazette.comment(id, f"How rude, {id}.")
    listen(parts, receiver.url)
    with reading(parts.engine) as db:
        chosen = {row.pk: 1 for id in ("c1", "c2") if (row := comments.find(db, "gazette", id))}
    give = verdicts.give

    def slowly(*told: Any, **options: Any) -> Any:
        given = give(*told, **options)
        clock.ahead += UNDO_WINDOW
        deliver_all(parts, clock)
        return given

    monkeypatch.setattr(verdicts, "give", slowly)
    verdicts.bulk(parts, alice, chosen, said(Outcome.APPROVE))
    assert receiver.got == []
    assert len(verdicts.undo_move(parts, alice)) == 2


def test_many_verdicts_are_told_once_they_cannot_be_a_slip(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.bulk(parts, alice, {held: 1}, said(Outcome.APPROVE))
    assert deliver_all(parts, clock) == []
    clock.ahead += UNDO_WINDOW
    assert len(deliver_all(parts, clock)) == 1


def test_a_verdict_is_told_with_its_reason_and_by_whom_and_when(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    given = Verdict(outcome=Outcome.REJECT, moderator="Alice", at=at, reason_code=Rejection.SPAM, explanation="An advertisement.")
    verdicts.give(parts, alice, held, given)
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    body = json.loads(receiver.got[0][1])
    assert body["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert body["data"]["verdict"] == {
        "action": "verdict",
        "verdict": "reject",
        "reason_code": "spam",
        "explanation": "An advertisement.",
        "moderator": "Alice",
        "at": "2026-03-01T12:00:00.000Z",
    }


def test_an_undone_verdict_is_never_told(parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    verdicts.undo_move(parts, alice)
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    assert receiver.got == []


def deliver_to_the_recovered(parts: Parts, receiver: Receiver, clock: Clock) -> None:
    """What was not taken, and then what waits behind it."""
    receiver.answer = 204
    for _ in range(2):
        clock.ahead += 10 * UNDO_WINDOW
        deliver_all(parts, clock)


def test_an_undo_is_told_where_the_verdict_may_have_arrived(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    clock.ahead += UNDO_WINDOW
    receiver.answer = 500  # and yet it may have taken it
    deliver_all(parts, clock)
    verdicts.undo_move(parts, alice)
    deliver_to_the_recovered(parts, receiver, clock)
    assert heard(receiver) == [
        ("comment.verdict", "verdict", "approve"),
        ("comment.verdict", "verdict", "approve"),
        ("comment.verdict", "undo", "hold"),
    ]
    assert len(set(receiver.ids)) == 2


def test_an_undo_of_a_correction_is_told_to_whoever_wants_corrections(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    for answer, say in ((204, verdicts.give), (500, verdicts.correct)):
        say(parts, alice, held, said(Outcome.APPROVE if answer == 204 else Outcome.REJECT))
        receiver.answer = answer
        clock.ahead += UNDO_WINDOW
        deliver_all(parts, clock)
    verdicts.undo_move(parts, alice)
    deliver_to_the_recovered(parts, receiver, clock)
    assert heard(receiver)[-1] == ("comment.corrected", "undo", "approve")


def test_an_undo_is_told_where_the_verdict_is_under_way(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    clock.ahead += UNDO_WINDOW
    with writing(parts.engine) as db:
        (endpoint,) = endpoints.every(db)
        outbox.take(db, endpoint.id, clock(), clock() + LEASE)
    verdicts.undo_move(parts, alice)
    clock.ahead += LEASE
    deliver_all(parts, clock)
    assert heard(receiver)[-1] == ("comment.verdict", "undo", "hold")


def test_an_undo_is_told_where_the_verdict_may_have_arrived_before_it_is_replayed(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    clock.ahead += UNDO_WINDOW
    receiver.answer = 500
    (message,) = deliver_all(parts, clock)
    with writing(parts.engine) as db:
        outbox.replay(db, id=message)
    verdicts.undo_move(parts, alice)
    receiver.answer = 204
    deliver_all(parts, clock)
    assert heard(receiver)[-1] == ("comment.verdict", "undo", "hold")


def test_an_answer_that_a_verdict_overtook_makes_it_known(
    parts: Parts, gazette: Caller, alice: Moderator, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = moderation.score

    def judged_meanwhile(*asked: Any) -> Any:
        monkeypatch.setattr(moderation, "score", score)
        gazette.comment("c1", "How rude.")
        with reading(parts.engine) as db:
            stored = comments.find(db, "gazette", "c1")
        assert stored is not None
        verdicts.give(parts, alice, stored.pk, said(Outcome.APPROVE))
        return score(*asked)

    monkeypatch.setattr(moderation, "score", judged_meanwhile)
    assert gazette.comment("c1", "How rude.")["comment"]["state"] == "approve"
    assert is_told(parts) == [True]


def test_a_correction_is_told_after_the_verdict(parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    verdicts.correct(parts, alice, held, said(Outcome.REJECT))
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    assert heard(receiver) == [("comment.verdict", "verdict", "approve"), ("comment.corrected", "correction", "reject")]
    assert is_told(parts) == [True, True]


def test_a_verdict_that_arrived_is_not_told_again_after_its_correction(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    verdicts.correct(parts, alice, held, said(Outcome.REJECT))
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    with writing(parts.engine) as db:
        assert [outbox.replay(db, id=id) for id in receiver.ids] == [0, 1]
    deliver_all(parts, clock)
    assert [state for _, _, state in heard(receiver)] == ["approve", "reject", "reject"]


def test_what_was_said_later_is_told_as_later_by_a_clock_that_is_behind(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    ahead = timedelta(minutes=3)
    verdicts.give(parts, alice, held, replace(said(Outcome.REJECT), at=datetime.now(UTC) + ahead))
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    receiver.answer = 500  # and yet it may have taken it
    verdicts.correct(parts, alice, held, said(Outcome.APPROVE))
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    verdicts.undo_move(parts, alice)
    receiver.answer = 204
    for _ in range(2):
        clock.ahead += ahead
        deliver_all(parts, clock)
    told = [json.loads(body) for _, body in receiver.got]
    assert [body["data"]["verdict"]["action"] for body in told] == ["verdict", "correction", "correction", "undo"]
    assert [body["timestamp"] for body in told] == sorted(body["timestamp"] for body in told)
    assert [body["timestamp"] == body["data"]["verdict"]["at"] for body in told] == [True] * 4


def test_of_a_correction_that_is_undone_only_the_verdict_before_it_is_told(
    parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock
) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    verdicts.correct(parts, alice, held, said(Outcome.REJECT))
    verdicts.undo_move(parts, alice)
    clock.ahead += UNDO_WINDOW
    deliver_all(parts, clock)
    assert heard(receiver) == [("comment.verdict", "verdict", "approve")]


def test_a_second_opinion_tells_nothing(parts: Parts, held: int, alice: Moderator, receiver: Receiver, clock: Clock) -> None:
    verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    bob = signin.create(parts, name="Bob", role=Role.MODERATOR, sites=["gazette"], password=None)
    verdicts.agree(parts, bob, held)
    clock.ahead += UNDO_WINDOW
    assert len(deliver_all(parts, clock)) == 1


def test_a_verdict_and_its_event_are_stored_together_or_not_at_all(
    parts: Parts, held: int, alice: Moderator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.storage.outbox.add", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        verdicts.give(parts, alice, held, said(Outcome.APPROVE))
    assert is_told(parts) == []
