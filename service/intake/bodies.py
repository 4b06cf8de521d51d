"""Bodies of answers and of requests, also of systems that cannot mend what they sent: no comment passes unread for half an emoji in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Response, abort, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from service import metrics
from service.domain import Invalid
from service.intake.markup import storable

In = TypeVar("In", bound=BaseModel)


def read(most_bytes: int) -> bytes:
    """The body; 413 where it is longer."""
    request.max_content_length = most_bytes + 1  # what comes in chunks is cut there, and not refused
    if (request.content_length or 0) > most_bytes or len(body := request.get_data()) > most_bytes:
        abort(413, f"The body is over {most_bytes:,} bytes.")
    return body


def read_as(payload: type[In], most_bytes: int) -> In:
    """The body as this payload, 413 where it is longer. Raises ValidationError."""
    return payload.model_validate_json(read(most_bytes))


def read_json(most_bytes: int) -> Any:
    """The body as JSON that can be stored; 400 where it is none, 413 where it is longer."""
    body = read(most_bytes)
    try:
        return storable(json.loads(body))
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")


@contextmanager
def counting_refusals() -> Iterator[None]:
    """Around the reading of a comment: one that is not as it is to be is counted for its site."""
    try:
        yield
    except (ValidationError, Invalid, HTTPException):
        metrics.REFUSED.labels(g.caller.site).inc()
        raise


def answer(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), content_type="application/json")
