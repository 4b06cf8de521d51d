"""Is it alive, is it ready, and what has it done."""

import os
from datetime import UTC, datetime
from importlib.metadata import version

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from service.metrics import begin_at_zero
from service.parts import Parts, current_parts
from service.storage import keys, outbox, queue
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
    ok = database == "ok"
    return jsonify(status="ok" if ok else "not ready", database=database, **_in_force(parts)), 200 if ok else 503


@metrics_blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    figures = _figures(current_parts())  # first, as it may begin some of the counters
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry) + generate_latest(_Families(figures)), content_type=CONTENT_TYPE_LATEST)


def _in_force(parts: Parts) -> dict[str, str]:
    return {"version": VERSION, "model_version": parts.model.version, "policy_version": parts.rules.version}


def _database_state(parts: Parts) -> str:
    try:
        with reading(parts.engine) as db:
            if not is_migrated(db):
                return "its tables are of another version than this service: where they are older, run `flask --app service migrate`"
            return "ok" if is_writable(db) else "it is read-only"
    except SQLAlchemyError:
        return "does not answer"


def _figures(parts: Parts) -> list[GaugeMetricFamily]:
    """What is so at this moment, as the database has it, so that every worker says the same."""
    state = _database_state(parts)
    ready = GaugeMetricFamily("moderation_ready", "1 where /readyz answers 200, else 0", value=state == "ok")
    shadow = parts.served.shadow
    facts = _in_force(parts) | {"model_beside": shadow.version if shadow else ""}
    info = GaugeMetricFamily("moderation_info", "Always 1: what is in force, and the model beside it", labels=list(facts))
    info.add_metric(list(facts.values()), 1)
    try:
        return [ready, info, *(_waiting(parts) if state == "ok" else ())]
    except SQLAlchemyError:
        return [ready, info]


def _waiting(parts: Parts) -> list[GaugeMetricFamily]:
    """The queue and the outbox. Raises SQLAlchemyError."""
    held = GaugeMetricFamily("moderation_queue_comments", "Held comments", labels=["site"])
    age = GaugeMetricFamily("moderation_queue_age_seconds", "For how long the oldest held comment has waited", labels=["site"])
    messages = GaugeMetricFamily("moderation_webhooks_unsent", "Messages that wait or were given up", labels=["site", "state"])
    since = GaugeMetricFamily("moderation_webhooks_age_seconds", "How old the oldest of those messages is", labels=["site", "state"])
    with reading(parts.engine) as db:
        waiting, unsent, sites = queue.held(db), outbox.unsent(db), keys.sites(db)
    heard = {*sites, *(source.description.site for source in parts.sources.values())}
    begin_at_zero(heard, (rule.rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith("/v1")))
    for row in waiting:
        held.add_metric([row.site], row.held)
        age.add_metric([row.site], _seconds_since(row.oldest))
    for row in unsent:
        messages.add_metric([row.site, row.state], row.messages)
        since.add_metric([row.site, row.state], _seconds_since(row.oldest))
    return [held, age, messages, since]


def _seconds_since(at: datetime) -> float:
    """By the clock of another machine, it may be to come."""
    return max((datetime.now(UTC) - at).total_seconds(), 0)
