"""Bodies of systems that cannot mend what they sent: a comment must not pass unread because of half an emoji in it."""

import json
from typing import Any

from flask import abort, request

from service.intake.markup import storable


def read_json(most_bytes: int) -> Any:
    """The body as JSON that can be stored; 400 where it is none, 413 where it is longer."""
    request.max_content_length = most_bytes
    body = request.get_data()
    if len(body) > most_bytes:  # its signature was checked before, so it was read before
        abort(413, f"The body is over {most_bytes:,} bytes.")
    try:
        return storable(json.loads(body))
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")
