"""Several requests in one, as Google's clients pack them; each is answered as if it had come alone."""

import re
import secrets

from flask import Response, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from service.intake.perspective.errors import Refused
from service.intake.perspective.reading import MOST_BODY_BYTES

MOST = 100  # as with Google
# Of the headers of a batch, those that each request in it has too where it has none of its own.
FOR_EACH = ("Authorization", "X-Forwarded-For", "X-Goog-Api-Key", "X-Request-Id")

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_ID = re.compile(rb"^Content-ID:\s*<([^<>\r\n]*)>", re.IGNORECASE | re.MULTILINE)
_TARGET = re.compile(rb"POST (?:https?://[^/\s]+)?(/v1alpha1/[!-~]+) ")
_KEY = re.compile(rb"^(Authorization|X-Goog-Api-Key):[ \t]*([!-~ ]+)", re.IGNORECASE | re.MULTILINE)


def answer() -> Response:
    """To the request under way. Raises Refused for one that is no batch."""
    request.max_content_length = MOST_BODY_BYTES
    boundary = request.mimetype_params.get("boundary")
    pieces = request.get_data().split(f"--{boundary}".encode()) if boundary else []
    parts = pieces[1:-1]
    if not 0 < len(parts) <= MOST or not pieces[-1].startswith(b"--"):
        raise Refused(f"A batch is multipart/mixed, with 1 to {MOST} requests.")
    ours = f"batch_{secrets.token_hex(16)}"
    answers = [b"--%b\r\n%b\r\n" % (ours.encode(), _answer_to(part)) for part in parts]
    return Response(b"".join([*answers, f"--{ours}--\r\n".encode()]), content_type=f"multipart/mixed; boundary={ours}")


def _answer_to(part: bytes) -> bytes:
    about, head, content, *_ = [*_BLANK_LINE.split(part, 2), b"", b""]
    id, target = _ID.search(about), _TARGET.match(head)
    path = target[1].decode() if target else "/v1alpha1/"  # where nothing is
    headers = Headers([(name, request.headers[name]) for name in FOR_EACH if name in request.headers])
    headers.update((name.decode(), key.decode()) for name, key in _KEY.findall(head))
    caller = {"REMOTE_ADDR": request.remote_addr}
    asked = EnvironBuilder(path, method="POST", headers=headers, data=content, environ_base=caller)
    with current_app.app_context():  # with a `g` of its own
        body, status, answered = run_wsgi_app(current_app.wsgi_app, asked.get_environ(), buffered=True)
    told = "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in answered)])
    named = b"Content-ID: <response-%b>" % (id[1] if id else b"")
    return b"\r\n".join([b"Content-Type: application/http", named, b"", told.encode("latin-1"), b"", b"".join(body)])
