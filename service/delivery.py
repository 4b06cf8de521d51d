"""Signed webhooks out, from the outbox, by Standard Webhooks (https://www.standardwebhooks.com).

A message is taken before it is sent, so that no two workers send it, and comes back by itself where its worker died. What
was sent but whose answer was lost is sent again under the same id: at least once, never lost.
"""

import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Row
from standardwebhooks import Webhook

from service import auth
from service.parts import Parts
from service.post import TIMEOUT, Answer, post
from service.storage import endpoints, history, outbox
from service.storage.engine import reading, writing

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SCHEDULE = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
JITTER = 0.2  # at most this share later, so that what failed together does not come again together
LONGEST_WAIT = 24 * HOUR  # whatever Retry-After says
LEASE = 3 * MINUTE  # well above what one attempt takes
OVERLAP = 24 * HOUR  # in which a rotated endpoint's old secret signs too
RESTS = (5 * SECOND, 30 * SECOND, 5 * MINUTE)  # of an endpoint that does not answer, so that its backlog does not keep others waiting
GATEWAY = (502, 503, 504)
BUSY = (429, *GATEWAY)
POLL_SECONDS = 1.0
AFTER_FAULT_SECONDS = 5.0

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)


def now() -> datetime:
    return datetime.now(UTC)


def run(parts: Parts, stop: Event) -> None:
    """Delivers until told to stop; what is under way is finished first. A fault is logged, and the work goes on."""
    while not stop.is_set():
        try:
            if deliver_one(parts) is None:
                stop.wait(POLL_SECONDS)
        except Exception as error:
            log.error("delivering failed", exc_info=error)
            stop.wait(AFTER_FAULT_SECONDS)


def start(parts: Parts) -> Callable[[], None]:
    """Delivers in a thread of its own; returns what ends it."""
    stop = Event()
    thread = Thread(target=run, args=(parts, stop), name="delivery", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(TIMEOUT)

    return end


def deliver_one(parts: Parts, clock: Clock = now) -> str | None:
    """Sends one message that is due, and returns its id; None where none is due."""
    taken = _take(parts, clock())
    if taken is None:
        return None
    message, endpoint = taken
    started, at = monotonic(), clock()
    headers = signed_headers(parts.config.secret_key, endpoint, message.id, message.body, at)
    answer = post(endpoint.url, message.body.encode(), headers, allow_private=parts.config.allow_private_webhooks)
    milliseconds = round((monotonic() - started) * 1000)
    with writing(parts.engine) as db:
        outbox.log(db, message.pk, at=at, status=answer.status, problem=answer.problem, milliseconds=milliseconds)
        _conclude(db, message, endpoint, answer, clock())
    return str(message.id)


def signed_headers(secret_key: str | None, endpoint: Row[Any], id: str, body: str, at: datetime) -> dict[str, str]:
    """Standard Webhooks' headers; with two signatures for a day after a rotation."""
    rotations = [endpoint.rotation]
    if endpoint.rotated_at is not None and at < endpoint.rotated_at + OVERLAP:
        rotations.append(endpoint.rotation - 1)
    secrets = [auth.endpoint_secret(secret_key, endpoint.id, rotation) for rotation in rotations]
    return {
        "Content-Type": "application/json",
        "User-Agent": "comment-moderation",
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, at, body) for secret in secrets),
    }


def _take(parts: Parts, at: datetime) -> tuple[Row[Any], Row[Any]] | None:
    """Looks without a lock first, since most looks find nothing; then takes one, from any endpoint that has some."""
    with reading(parts.engine) as db:
        waiting = [endpoint for endpoint in endpoints.awake(db, at) if outbox.is_due(db, endpoint, at)]
    random.shuffle(waiting)  # else the first endpoint's backlog would come before all others
    for id in waiting:
        with writing(parts.engine) as db:
            message = outbox.take(db, id, at, at + LEASE)
            endpoint = endpoints.find(db, id)
        if message is not None and endpoint is not None:
            return message, endpoint
    return None


def _conclude(db: Connection, message: Row[Any], endpoint: Row[Any], answer: Answer, at: datetime) -> None:
    if answer.status is not None and 200 <= answer.status < 300:
        outbox.close(db, message)
        endpoints.recover(db, endpoint.id)
        if message.verdict is not None:
            history.set_told(db, message.verdict)
        return
    due_at = _next_attempt(message.attempts, answer, at)
    outbox.postpone(db, message, due_at)
    if answer.status == 410:
        endpoints.disable(db, endpoint.id, "it answered 410 Gone")
    elif answer.status is None or answer.status in BUSY:
        rested = at + _rest(endpoint.failures, answer)
        endpoints.rest(db, endpoint.id, max(rested, due_at) if due_at and answer.retry_after else rested)
    facts = {"status": answer.status, "site": endpoint.site, "delivery": message.id, "attempt": message.attempts}
    log.warning("a webhook was not taken" if due_at else "a webhook was given up", extra=facts)


def _rest(failures: int, answer: Answer) -> timedelta:
    """How long an endpoint rests that failed so often in a row before. One gateway's error among good answers is that message's mischance:
    a rest for each would make a backlog of any stream."""
    mischance = answer.status in GATEWAY and answer.retry_after is None
    rests = (timedelta(), *RESTS) if mischance else RESTS
    return rests[min(failures, len(rests) - 1)]


def _next_attempt(attempts: int, answer: Answer, at: datetime) -> datetime | None:
    """When to try again after so many attempts; None after the last."""
    if attempts > len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts - 1] * (1 + random.uniform(0, JITTER))  # noqa: S311
    return at + max(wait, min(answer.retry_after or timedelta(), LONGEST_WAIT))
