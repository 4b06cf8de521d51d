"""Does Coral's external moderation phase get its answer within the 200 ms that its form proposes?"""

import hashlib
import hmac
import json
import tempfile
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.measure import milliseconds, table, text, times
from benchmarks.server import SECRET_KEY, SITE, running
from service.intake import doors
from service.storage import coral
from service.storage.engine import migrate, open_engine, writing

LENGTHS = (50, 300, 2_000)
SECRET = "benchmark"


def main(_data: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/comments.db"
        engine = open_engine(url)
        migrate(engine)
        with writing(engine) as db:
            coral.add_secret(db, SITE, "phase", doors.seal(SECRET_KEY, SECRET))
        engine.dispose()
        with running(url) as server:
            connection = server.connect()
            found = [(length, times(partial(_ask, connection, length), 1_000, f"{length} characters")) for length in LENGTHS]
    rows = [[f"{length:,} characters", milliseconds(s, 50), milliseconds(s, 99), f"{s.max() * 1000:.1f} ms"] for length, s in found]
    table("Coral's phase over HTTP, each answer on disk (SQLite)", ["comment", "p50", "p99", "slowest of 1,000"], rows)


def _ask(connection: HTTPConnection, length: int, number: int) -> None:
    body = json.dumps(
        {
            "action": "NEW",
            "comment": {"body": f"<div>{text(length, number)} {number}</div>", "parentID": None},
            "author": {"id": f"author-{length}-{number}", "role": "COMMENTER"},
            "story": {"id": f"story-{number % 20}", "url": f"https://news.example/{number % 20}"},
            "site": {"id": "site"},
            "tenantID": "tenant",
            "tenantDomain": "coral.news.example",
        }
    ).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection.request("POST", f"/v1/coral/{SITE}/moderate", body, {"X-Coral-Signature": f"sha256={signature}"})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (200, 204):
        raise RuntimeError(f"Coral's phase answered {answer.status}")
