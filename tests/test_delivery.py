"""Webhooks out: a receiver may be killed, slow or wrong, and nothing is lost, doubled or out of order."""

import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from conftest import Caller, make_caller
from flask import Flask
from receiver import Clock, Receiver, receiving
from sqlalchemy import Engine, event, func, insert, select, text
from standardwebhooks import Webhook

from service import auth, delivery, events
from service.delivery import JITTER, LEASE, SCHEDULE
from service.parts import Parts
from service.storage import endpoints, outbox
from service.storage.engine import reading, writing
from service.storage.tables import attempts, comments, deliveries

DAY = timedelta(days=1)


@pytest.fixture
def app(new_app: Callable[..., Flask]) -> Flask:
    return new_app(ALLOW_PRIVATE_WEBHOOKS="yes")


def listen(parts: Parts, url: str, *, site: str = "gazette", wanted: tuple[str, ...] = events.EVENTS) -> str:
    with writing(parts.engine) as db:
        return str(endpoints.add(db, site=site, url=url, events=wanted).id)


def deliver_all(parts: Parts, clock: Clock) -> list[str]:
    """Sends all that is due now."""
    return list(iter(lambda: delivery.deliver_one(parts, clock), None))


def message(engine: Engine) -> Any:
    """The only message of the outbox."""
    with reading(engine) as db:
        return db.execute(select(deliveries)).one()


def count(engine: Engine, table: Any) -> int:
    with reading(engine) as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def told(receiver: Receiver) -> list[tuple[str, int]]:
    """Of which comment and which revision the receiver was told, in order."""
    bodies = (json.loads(body)["data"]["comment"] for _, body in receiver.got)
    return [(body["id"], body["revision"]) for body in bodies]


def test_a_decision_is_told_and_signed(parts: Parts, gazette: Caller, receiver: Receiver) -> None:
    endpoint = listen(parts, receiver.url)
    answer = gazette.comment("c1", "How rude.")
    sent = delivery.deliver_one(parts)
    [(headers, body)] = receiver.got
    verified = Webhook(auth.endpoint_secret("s" * 32, endpoint, 0)).verify(body, headers)
    assert headers["webhook-id"] == sent
    assert verified["type"] == "comment.decided"
    assert verified["data"]["comment"] == {"id": "c1", "site": "gazette", "revision": 1, "state": "hold"}
    assert verified["data"]["decision"] == answer["decision"]
    assert verified["data"]["reasons"] == [{name: r[name] for name in r if name != "words"} for r in answer["reasons"]]
    assert b"rude" not in body
    assert delivery.deliver_one(parts) is None


def test_a_decision_is_told_as_it_was_answered(new_app: Callable[..., Flask], receiver: Receiver) -> None:
    app = new_app(ALLOW_PRIVATE_WEBHOOKS="yes", POLICY="shadow = true\n[hold]\ntoxicity = 0.6\n")
    listen(app.extensions["parts"], receiver.url)
    answer = make_caller(app, "gazette").comment("c1", "How rude.")
    delivery.deliver_one(app.extensions["parts"])
    told = json.loads(receiver.got[0][1])["data"]
    del told["comment"], answer["comment"], answer["repeated"]
    for reason in answer["reasons"]:
        del reason["words"]
    assert told == answer
    assert told["shadow_decision"] == "hold"


@pytest.mark.parametrize("kind", ["banned", "suspect"])
def test_a_listed_word_is_told_without_what_the_reader_wrote(
    new_app: Callable[..., Flask], receiver: Receiver, clock: Clock, kind: str
) -> None:
    app = new_app(ALLOW_PRIVATE_WEBHOOKS="yes", POLICY=f'[words]\n{kind} = ["zorgl*"]\n')
    listen(app.extensions["parts"], receiver.url)
    make_caller(app, "gazette").comment("c1", "You <i>zorgler</i> of trains.")
    deliver_all(app.extensions["parts"], clock)
    [(_, body)] = receiver.got
    assert f"{kind}_word".encode() in body
    assert b"zorgler" not in body


def test_a_private_address_is_told_nothing_unless_that_is_allowed(new_app: Callable[..., Flask], receiver: Receiver, clock: Clock) -> None:
    strict = new_app()
    listen(strict.extensions["parts"], receiver.url)
    make_caller(strict, "gazette").comment("c1", "Fine.")
    deliver_all(strict.extensions["parts"], clock)
    assert receiver.got == []


def test_an_earlier_decision_is_not_told_again(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    gazette.comment("c1", "Fine.")
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 1)]


def test_only_the_sites_endpoints_hear_what_they_want(parts: Parts, gazette: Caller, receiver: Receiver) -> None:
    listen(parts, receiver.url, site="herald")
    listen(parts, receiver.url, wanted=(events.VERDICT,))
    gazette.comment("c1", "Fine.")
    assert count(parts.engine, deliveries) == 0


def test_each_endpoint_hears_by_itself(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, "http://127.0.0.1:9/nobody")
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 1)]


def test_a_comment_and_its_event_are_stored_together_or_not_at_all(
    parts: Parts, gazette: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(parts, receiver.url)
    monkeypatch.setattr(outbox, "add", lambda *_, **__: 1 / 0)
    assert gazette.post("/v1/comments", {"id": "c1", "text": "Fine."}).status_code == 500
    assert count(parts.engine, comments) == 0
    monkeypatch.undo()
    gazette.comment("c1", "Fine.")
    assert count(parts.engine, deliveries) == 1


@pytest.mark.parametrize("wrong", [500, 404, 301, 304, 429, 503, 199, "garbage", "hangs up", "silence", "drips"])
def test_what_is_not_taken_comes_again_under_its_id(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch, wrong: int | str
) -> None:
    monkeypatch.setattr("service.post.TIMEOUT", 0.2)
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer, receiver.headers = wrong, {"Location": "/elsewhere"}
    deliver_all(parts, clock)
    assert message(parts.engine).state == "waiting"
    receiver.answer = 204
    clock.ahead += DAY
    monkeypatch.undo()
    deliver_all(parts, clock)
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == 2
    assert receiver.paths == ["/hooks", "/hooks"]
    assert message(parts.engine).state == "delivered"


def test_a_receiver_that_was_killed_hears_all_when_it_is_back(parts: Parts, gazette: Caller, clock: Clock) -> None:
    receiver = Receiver()
    with receiving(receiver):
        port = int(receiver.url.split(":")[2].partition("/")[0])
        listen(parts, receiver.url)
    for number in range(5):
        gazette.comment(f"c{number}", "Fine.")
        deliver_all(parts, clock)
        clock.ahead += timedelta(seconds=10)
    assert receiver.got == []
    clock.ahead += DAY
    with receiving(receiver, port):
        deliver_all(parts, clock)
    assert sorted(told(receiver)) == [(f"c{number}", 1) for number in range(5)]


def test_tries_follow_the_schedule_then_wait_for_a_replay(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer = 500
    for wait in SCHEDULE:
        before = clock()
        assert len(deliver_all(parts, clock)) == 1
        due = message(parts.engine).due_at
        assert before + wait <= due <= clock() + wait * (1 + JITTER)
        clock.ahead = due - datetime.now(UTC)
    deliver_all(parts, clock)
    assert message(parts.engine).state == "dead"
    clock.ahead += 30 * DAY
    assert deliver_all(parts, clock) == []

    receiver.answer = 200
    with writing(parts.engine) as db:
        assert outbox.replay(db, id=receiver.ids[0]) == 1
    deliver_all(parts, clock)
    assert len(receiver.ids) == len(SCHEDULE) + 2
    assert len(set(receiver.ids)) == 1
    assert count(parts.engine, attempts) == len(SCHEDULE) + 2


def test_the_log_tells_what_is_given_up_from_what_is_tried_again(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer = 500
    for _ in range(len(SCHEDULE) + 1):
        deliver_all(parts, clock)
        clock.ahead += 2 * DAY
    said = [one.getMessage() for one in caplog.records if one.name == "service.delivery"]
    assert said == ["a webhook was not taken"] * len(SCHEDULE) + ["a webhook was given up"]


def test_a_later_event_of_a_comment_waits_for_the_earlier(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer = 500
    deliver_all(parts, clock)
    receiver.answer = 204
    gazette.comment("c1", "Fine, edited.")
    gazette.comment("c2", "Fine too.")
    clock.ahead += timedelta(seconds=1)
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 1), ("c2", 1)]
    clock.ahead += DAY
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 1), ("c2", 1), ("c1", 1), ("c1", 2)]


def given_up_and_then_edited(parts: Parts, cms: Caller, receiver: Receiver, clock: Clock) -> str:
    """The endpoint that did not take a comment's first message, and is yet to be sent its second."""
    endpoint = listen(parts, receiver.url)
    cms.comment("c1", "Fine.")
    receiver.answer = 500
    for _ in range(len(SCHEDULE) + 1):
        deliver_all(parts, clock)
        clock.ahead += 2 * DAY
    receiver.answer = 204
    receiver.got.clear()
    cms.comment("c1", "Fine, edited.")
    return endpoint


def test_an_event_behind_a_dead_one_is_told(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    given_up_and_then_edited(parts, gazette, receiver, clock)
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 2)]


def test_what_was_given_up_is_told_before_later_events_where_it_is_replayed_in_time(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock
) -> None:
    endpoint = given_up_and_then_edited(parts, gazette, receiver, clock)
    with writing(parts.engine) as db:
        outbox.replay(db, endpoint=endpoint)
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 1), ("c1", 2)]


def test_what_was_given_up_is_never_told_after_later_events(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    endpoint = given_up_and_then_edited(parts, gazette, receiver, clock)
    deliver_all(parts, clock)
    with writing(parts.engine) as db:
        assert outbox.replay(db, endpoint=endpoint) == 0


def test_what_was_given_up_is_not_told_where_a_later_event_is_under_way_when_it_is_replayed(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = given_up_and_then_edited(parts, gazette, receiver, clock)
    post = delivery.post

    def replayed_meanwhile(*sent: Any, **options: Any) -> Any:
        with writing(parts.engine) as db:
            outbox.replay(db, endpoint=endpoint)
        return post(*sent, **options)

    monkeypatch.setattr(delivery, "post", replayed_meanwhile)
    deliver_all(parts, clock)
    assert told(receiver) == [("c1", 2)]


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured_for_the_endpoint(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, as_date: bool) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    gazette.comment("c2", "Fine.")
    hour = timedelta(hours=1)
    receiver.answer = 503
    receiver.headers = {"Retry-After": format_datetime(datetime.now(UTC) + hour, usegmt=True) if as_date else "3600"}
    assert len(deliver_all(parts, clock)) == 1
    receiver.answer = 204
    clock.ahead += timedelta(minutes=58)
    assert deliver_all(parts, clock) == []
    clock.ahead += timedelta(minutes=3)
    assert len(deliver_all(parts, clock)) == 2


def test_what_is_put_off_at_the_last_try_is_given_up_too(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer, receiver.headers = 503, {"Retry-After": "1"}
    for _ in range(len(SCHEDULE) + 1):
        deliver_all(parts, clock)
        clock.ahead += 2 * DAY
    assert message(parts.engine).state == "dead"


@pytest.mark.parametrize("busy", [429, 502, 503, 504])
def test_an_endpoint_that_says_when_to_come_back_is_spared_its_other_messages(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, busy: int
) -> None:
    listen(parts, receiver.url)
    receiver.answer, receiver.headers = busy, {"Retry-After": "1"}
    for id in ("c1", "c2"):
        gazette.comment(id, "Fine.")
    assert len(deliver_all(parts, clock)) == 1


def test_an_absurd_retry_after_does_not_silence_an_endpoint(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer, receiver.headers = 429, {"Retry-After": "9" * 400}
    deliver_all(parts, clock)
    receiver.answer = 204
    clock.ahead += DAY
    assert len(deliver_all(parts, clock)) == 1


def test_gone_disables_an_endpoint_and_enabling_it_sends_what_waited(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock
) -> None:
    endpoint = listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    receiver.answer = 410
    deliver_all(parts, clock)
    receiver.answer = 204
    gazette.comment("c2", "Fine.")
    clock.ahead += DAY
    assert deliver_all(parts, clock) == []
    with writing(parts.engine) as db:
        found = endpoints.find(db, endpoint)
        assert found is not None
        assert "410" in found.disabled_because
        endpoints.enable(db, endpoint)
    deliver_all(parts, clock)
    assert sorted(told(receiver)) == [("c1", 1), ("c1", 1), ("c2", 1)]


def test_a_backlog_to_a_dead_address_is_tried_now_and_then_alone(parts: Parts, gazette: Caller, clock: Clock) -> None:
    listen(parts, "http://127.0.0.1:9/nobody")
    for number in range(20):
        gazette.comment(f"c{number}", "Fine.")
    assert len(deliver_all(parts, clock)) == 1
    clock.ahead += timedelta(seconds=6)
    assert len(deliver_all(parts, clock)) == 1


def test_one_busy_answer_among_good_ones_keeps_nothing_else_waiting(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock
) -> None:
    listen(parts, receiver.url)
    for number in range(3):
        gazette.comment(f"c{number}", "Fine.")
    receiver.answer = 503
    first = delivery.deliver_one(parts, clock)
    receiver.answer = 204
    sent = deliver_all(parts, clock)
    assert len(sent) == 2
    assert first not in sent


@pytest.mark.parametrize(("answer", "sent"), [(503, [2, 1, 0, 1, 0]), (429, [1, 1, 0, 1, 0])])
def test_an_endpoint_that_stays_busy_rests_as_one_that_does_not_answer(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock, answer: int, sent: list[int]
) -> None:
    listen(parts, receiver.url)
    for number in range(6):
        gazette.comment(f"c{number}", "Fine.")
    receiver.answer = answer
    found = []
    for seconds in (0, 6, 20, 11, 60):
        clock.ahead += timedelta(seconds=seconds)
        found.append(len(deliver_all(parts, clock)))
    assert found == sent


def test_an_endpoint_that_does_not_answer_three_times_rests_for_minutes(parts: Parts, gazette: Caller, clock: Clock) -> None:
    listen(parts, "http://127.0.0.1:9/nobody")
    for number in range(4):
        gazette.comment(f"c{number}", "Fine.")
    sent = []
    for seconds in (0, 6, 20, 11, 60):
        clock.ahead += timedelta(seconds=seconds)
        sent.append(len(deliver_all(parts, clock)))
    assert sent == [1, 1, 0, 1, 0]


def test_an_endpoint_that_asks_for_a_second_rests_for_minutes_all_the_same_after_a_third_failure(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock
) -> None:
    listen(parts, receiver.url)
    receiver.answer, receiver.headers = 503, {"Retry-After": "1"}
    sent = []
    for seconds in (0, 6, 31, 60):
        gazette.comment(f"c{seconds}", "Fine.")
        clock.ahead += timedelta(seconds=seconds)
        sent.append(len(deliver_all(parts, clock)))
    assert sent == [1, 1, 1, 0]


def test_an_endpoint_that_answered_again_rests_for_seconds_as_after_its_first_failure(
    parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock
) -> None:
    listen(parts, receiver.url)
    for number, answer in enumerate((503, 204, 503)):
        gazette.comment(f"c{number}", "Fine.")
        receiver.answer = answer
        deliver_all(parts, clock)
        clock.ahead += timedelta(seconds=7)
    receiver.answer = 204
    assert len(deliver_all(parts, clock)) == 1


def test_the_next_message_of_a_long_backlog_is_found_without_reading_it(parts: Parts, gazette: Caller, receiver: Receiver) -> None:
    if parts.engine.dialect.name == "sqlite":
        pytest.skip("SQLite says nothing of the rows that it read")
    endpoint = listen(parts, receiver.url)
    gazette.comment("c0", "Fine.")
    with writing(parts.engine) as db:
        one = {name: value for name, value in db.execute(select(comments)).one()._mapping.items() if name != "pk"}
        db.execute(insert(comments), [one | {"id": f"c{number}"} for number in range(1, 2_000)])
        _, *rest = db.execute(select(comments.c.pk).order_by(comments.c.pk)).scalars()
        told = {name: value for name, value in db.execute(select(deliveries)).one()._mapping.items() if name != "pk"}
        db.execute(insert(deliveries), [told | {"id": f"msg_{comment}", "comment": comment} for comment in rest])
    asked: list[tuple[str, Any]] = []
    event.listen(parts.engine, "before_cursor_execute", lambda _c, _cursor, statement, values, *_: asked.append((statement, values)))
    with reading(parts.engine) as db:
        assert outbox.is_due(db, endpoint, delivery.now())
        statement, values = asked[-1]
        ((plan,),) = db.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
    assert _rows_read(plan[0]["Plan"]) < 100


def _rows_read(node: dict[str, Any]) -> float:
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)) * node["Actual Loops"]
    return own + sum(map(_rows_read, node.get("Plans", [])))


def test_no_endpoints_backlog_keeps_another_waiting(parts: Parts, gazette: Caller, herald: Caller, receiver: Receiver) -> None:
    random.seed(0)
    for cms, site in ((gazette, "gazette"), (herald, "herald")):
        listen(parts, receiver.url, site=site)
        for number in range(6):
            cms.comment(f"c{number}", "Fine.")
    for _ in range(6):
        delivery.deliver_one(parts)
    assert {json.loads(body)["data"]["comment"]["site"] for _, body in receiver.got} == {"gazette", "herald"}


def test_an_endpoint_that_rests_is_not_woken_by_anothers_success(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    listen(parts, receiver.url)
    dead = listen(parts, "http://127.0.0.1:9/nobody")
    for number in range(3):
        gazette.comment(f"c{number}", "Fine.")
    deliver_all(parts, clock)
    with reading(parts.engine) as db:
        tried = [row for row in outbox.listing(db, endpoint=dead) if row.tried_at]
    assert (len(receiver.got), len(tried)) == (3, 1)


def test_a_worker_that_dies_leaves_the_message_to_another(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    endpoint = listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    with writing(parts.engine) as db:
        taken = outbox.take(db, endpoint, clock(), clock() + LEASE)
    assert taken is not None
    assert deliver_all(parts, clock) == []
    clock.ahead += LEASE
    assert deliver_all(parts, clock) == [taken.id]


def test_several_workers_never_send_twice_and_keep_the_order(parts: Parts, gazette: Caller, receiver: Receiver) -> None:
    listen(parts, receiver.url)
    for edit in range(4):
        batch = [{"id": f"c{number}", "text": f"Fine, {number}, edit {edit}."} for number in range(10)]
        assert gazette.post("/v1/comments:batch", {"comments": batch}).status_code == 200
    clock = Clock()
    workers = [threading.Thread(target=deliver_all, args=(parts, clock)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_all(parts, clock)  # what a worker left to another that had just looked
    assert len(receiver.ids) == len(set(receiver.ids)) == 40
    assert {id: [revision for other, revision in told(receiver) if other == id] for id, _ in told(receiver)} == {
        f"c{number}": [1, 2, 3, 4] for number in range(10)
    }


def test_after_a_rotation_the_old_secret_signs_too_for_a_day(parts: Parts, gazette: Caller, receiver: Receiver, clock: Clock) -> None:
    endpoint = listen(parts, receiver.url)
    with writing(parts.engine) as db:
        endpoints.rotate(db, endpoint)
    for id in ("c1", "c2"):
        gazette.comment(id, "Fine.")
        deliver_all(parts, clock)
        clock.ahead += 2 * DAY
    overlapping, after = ((headers, body) for headers, body in receiver.got)
    for rotation in (0, 1):
        Webhook(auth.endpoint_secret("s" * 32, endpoint, rotation)).verify(overlapping[1], overlapping[0])
    assert len(overlapping[0]["webhook-signature"].split()) == 2
    assert len(after[0]["webhook-signature"].split()) == 1


def test_the_worker_goes_on_after_a_fault(parts: Parts, gazette: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "AFTER_FAULT_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "POLL_SECONDS", 0.01)
    faults = iter([True])
    sound = delivery.deliver_one
    monkeypatch.setattr(delivery, "deliver_one", lambda parts: 1 / 0 if next(faults, False) else sound(parts))
    listen(parts, receiver.url)
    gazette.comment("c1", "Fine.")
    end = delivery.start(parts)
    assert receiver.heard.wait(60)
    end()
    assert told(receiver) == [("c1", 1)]


def test_a_site_of_several_endpoints_keeps_their_ids_apart(parts: Parts, herald: Caller, receiver: Receiver, clock: Clock) -> None:
    for _ in range(2):
        listen(parts, receiver.url, site="herald")
    herald.comment("c1", "Fine.")
    deliver_all(parts, clock)
    assert len(set(receiver.ids)) == 2


def test_what_is_not_delivered_is_counted_and_its_age_is_told(parts: Parts, gazette: Caller, stranger: Caller) -> None:
    listen(parts, "http://127.0.0.1:9/nobody")
    gazette.comment("c1", "Fine.")
    with parts.engine.begin() as db:
        db.execute(text("UPDATE deliveries SET created_at = '2026-01-01 00:00:00+00:00'"))
    page = stranger.get("/metrics").text
    assert 'moderation_webhooks_unsent{site="gazette",state="waiting"} 1.0' in page
    assert float(page.partition('moderation_webhooks_age_seconds{site="gazette",state="waiting"} ')[2].split()[0]) > 86_400
