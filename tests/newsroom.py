"""A newsroom whose moderators judged some hundred comments, through the service's own stories."""

import json
import os
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fake_models
import pytest
from newsroom_texts import write
from sqlalchemy import Integer, Table, func, insert, select

from service import moderation, signin, verdicts
from service.config import Config
from service.domain import Article, Author, Comment, Outcome, Rejection, Role, Verdict
from service.parts import Parts
from service.storage import demo
from service.storage.engine import migrate, reading, writing
from service.storage.tables import metadata
from training import newsroom as training_newsroom
from training.__main__ import main

training_newsroom.TREES["n_estimators"] = 15  # quick rather than good
COMMENTS = 400
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
WAITED = timedelta(minutes=10)
# Every comment is held, as before anything is known; and the thresholds are ready for the score that is to come.
POLICY = (
    "[length]\nmin_characters = 10000\n[hold]\ntoxicity = 0.6\nlikely_to_reject = 0.3\n[reject]\ntoxicity = 0.95\nlikely_to_reject = 0.9\n"
)


class Newsroom:
    """A database with verdicts, a models folder with the fake scorer in it, and the commands run on both."""

    def __init__(self, database_url: str, folder: Path) -> None:
        (folder / "policy.toml").write_text(POLICY)
        self.models = fake_models.publish(folder / "models")
        told = {"DATABASE_URL": database_url, "POLICY_FILE": str(folder / "policy.toml"), "MODELS_DIR": str(self.models)}
        self.environ = told | {"SECRET_KEY": "s" * 32}
        self.parts = Parts(Config.from_environ(self.environ))
        migrate(self.parts.engine)

    def judge(self, count: int = COMMENTS, *, seed: int = 0, site: str = "gazette", begin: int = 0) -> None:
        """Comments come in, are held and get their verdicts from three moderators in turn."""
        people = [signin.create(self.parts, name=f"{site}-{seed}-{n}", role=Role.MODERATOR, sites=[], password=None) for n in range(3)]
        written = list(write(count, seed))
        arrived = [
            Comment(site=site, id=f"{seed}-{n}", text=one.text, author=Author(id=one.author), article=Article(id=one.article))
            for n, one in enumerate(written)
        ]
        for number, (one, done) in enumerate(zip(written, moderation.moderate(self.parts, arrived), strict=True)):
            person, outcome = people[number % 3], Outcome.REJECT if one.rejected else Outcome.APPROVE
            reason = (Rejection.OFFENSIVE if "vile" in one.text else Rejection.OTHER) if one.rejected else None
            at = BEGAN + timedelta(minutes=begin + number)
            verdicts.give(self.parts, person, done.comment.pk, Verdict(outcome=outcome, moderator=person.name, at=at, reason_code=reason))
            with writing(self.parts.engine) as db:
                demo.backdate(db, done.comment.pk, at - WAITED, WAITED)

    def copy_judged(self) -> None:
        """As `judge` does in an empty database."""
        with writing(self.parts.engine) as db:
            for table, rows in judged_rows():
                db.execute(insert(table), rows)
                for column in table.primary_key if db.dialect.name == "postgresql" else ():
                    if isinstance(column.type, Integer):  # or the next row would get the number of a copied one
                        db.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), func.max(column))))

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
        """A command of `python -m training`: its status, its line of result and what it said to a person."""
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environ.items():
                patch.setitem(os.environ, name, value)
            status = main(list(words))
        told = capsys.readouterr()
        (line,) = told.out.splitlines()
        return status, json.loads(line), told.err


@cache
def judged_rows() -> list[tuple[Table, list[dict[str, Any]]]]:
    """What `judge` leaves behind, table by table: in one process it is done once, as it takes longer than most of what it is done for."""
    with TemporaryDirectory() as folder:
        newsroom = Newsroom(f"sqlite:///{folder}/judged.db", Path(folder))
        newsroom.judge()
        with reading(newsroom.parts.engine) as db:
            left = [(table, [dict(row) for row in db.execute(select(table)).mappings()]) for table in metadata.sorted_tables]
        newsroom.parts.engine.dispose()
    return [(table, rows) for table, rows in left if rows]
