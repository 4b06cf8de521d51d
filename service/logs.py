"""Logs as JSON, a line an event, with the request's id and without a comment's text.

An exception is logged as its class and where it came from: its message may repeat what a reader wrote.
"""

import json
import logging
import re
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from service import metrics

OWN_FIELDS = ("inputs", "route", "method", "status", "milliseconds", "site", "delivery", "attempt", "problem", "model_version", "before")
# What the server repeats of a request that it cannot read: behind a wrong Content-Length, the rest of a comment.
_REPEATED = re.compile(r"^(Invalid request from ip=\S*|Error handling request)[: ].*", re.DOTALL)
REQUEST_ID = re.compile(r"[A-Za-z0-9._:@=-]{1,64}")  # with what those of HAProxy, Apache and AWS have

log = logging.getLogger("service.requests")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _said(record),
        }
        if has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        line |= {name: getattr(record, name) for name in OWN_FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(record.exc_info[2])[-8:]]
        return json.dumps(line)


def _said(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return _REPEATED.sub(r"\1", message) if record.name == "gunicorn.error" else message


def dict_config(level: str) -> dict[str, Any]:
    """For `logging.config`. In detail two libraries repeat what they were given: half a request with key and text, a sign-in's secret."""
    without_detail = "INFO" if level == "DEBUG" else level
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "service.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "alembic": {"level": "WARNING"},
            "authlib": {"level": without_detail},
            "gunicorn.error": {"level": without_detail, "propagate": True, "handlers": []},
        },
    }


def register(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    told = request.headers.get("X-Request-Id", "")
    g.request_id = told if REQUEST_ID.fullmatch(told) else uuid.uuid4().hex
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "(none)"
    metrics.REQUESTS.labels(route, response.status_code).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    caller = g.get("caller")
    facts = {"route": route, "method": request.method, "status": response.status_code, "milliseconds": round(seconds * 1000, 1)}
    log.info("request", extra=facts | ({"site": caller.site} if caller else {}))
    response.headers["X-Request-Id"] = g.request_id
    return response
