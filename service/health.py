"""Is it alive, is it ready, and what has it done."""

import os
from datetime import UTC, datetime
from importlib.metadata import version

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from service.parts import Parts, current_parts
from service.storage import outbox, queue
from service.storage.engine import is_migrated, is_writable, reading

VERSION = version("comment-moderation")  # of what runs, whatever is installed over it meanwhile

blueprint = Blueprint("health", __name__)
metrics_blueprint = Blueprint("metrics", __name__)


class _Families(list[GaugeMetricFamily]):
    """Ready figures in the place of a registry."""

    def collect(self) -> list[GaugeMetricFamily]:
        return self


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 where the next comment would be answered, else 503 and what is missing."""
    parts = current_parts()
    database = _database_state(parts)
    facts = {
        "database": database,
        "version": VERSION,
        "model_version": parts.model.version,
        "policy_version": parts.rules.version,
    }
    ok = database == "ok"
    return jsonify(status="ok" if ok else "not ready", **facts), 200 if ok else 503


@metrics_blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry) + _queue_metrics(current_parts()), content_type=CONTENT_TYPE_LATEST)


def _database_state(parts: Parts) -> str:
    try:
        with reading(parts.engine) as db:
            if not is_migrated(db):
                return "its tables are of another version than this service: where they are older, run `flask --app service migrate`"
            return "ok" if is_writable(db) else "it is read-only"
    except SQLAlchemyError:
        return "does not answer"


def _queue_metrics(parts: Parts) -> bytes:
    """The queue as the database has it, so that every worker says the same; nothing where the database does not answer."""
    held = GaugeMetricFamily("moderation_queue_comments", "Held comments", labels=["site"])
    messages = GaugeMetricFamily("moderation_webhooks_unsent", "Messages that wait or were given up", labels=["site", "state"])
    age = GaugeMetricFamily("moderation_queue_age_seconds", "For how long the oldest held comment has waited", labels=["site"])
    try:
        with reading(parts.engine) as db:
            waiting, unsent = queue.held(db), outbox.unsent(db)
    except SQLAlchemyError:
        return b""
    now = datetime.now(UTC)
    for row in waiting:
        held.add_metric([row.site], row.held)
        age.add_metric([row.site], max((now - row.oldest).total_seconds(), 0))  # by the clock of another machine, it may be to come
    for row in unsent:
        messages.add_metric([row.site, row.state], row.messages)
    return generate_latest(_Families([held, age, messages]))
