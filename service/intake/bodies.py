"""Bodies of systems that cannot mend what they sent: a comment must not pass unread because of half an emoji in it."""

import json
from typing import Any

from flask import abort, request

from service.intake.markup import storable


def read_json(most_bytes: int) -> Any:
    """The body as JSON that can be stored; 400 where it is none."""
    request.max_content_length = most_bytes
    try:
        return storable(json.loads(request.get_data()))
    except (ValueError, RecursionError):
        abort(400, "The body is not JSON.")
