"""Another model in the middle of the work: no request fails, and each answer is by a model that was in force at its time."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import fake_models
import pytest
from conftest import fresh_database
from newsroom import POLICY, Newsroom
from test_running_service import Service, running

from service import versions

PER_SECOND = 50
SOON = 8.0  # seconds in which every worker has another model, on a machine with other work


class Load(threading.Thread):
    """Fifty requests a second, whatever becomes of them; each answer with when it was asked for and when it came."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self.service, self.stop = service, threading.Event()
        self.answers: list[tuple[float, float, int, str]] = []

    def run(self) -> None:
        senders = [threading.Thread(target=self._send, args=(number,), daemon=True) for number in range(5)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    def _send(self, sender: int) -> None:
        number = 0
        due = time.monotonic()
        while not self.stop.is_set():
            asked = time.monotonic()
            try:
                status, answer = self.service.ask("POST", "/v1/score", {"comments": [{"text": f"Night trains {sender} {number}."}]})
            except OSError as error:
                status, answer = 0, {"model_version": str(error)}
            self.answers.append((asked, time.monotonic(), status, str(answer.get("model_version"))))
            number += 1
            due += 5 / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Newsroom]]:
    """A running service on a newsroom's database and models."""
    folder = tmp_path_factory.mktemp("served")
    with fresh_database(request.param, folder) as url:
        newsroom = Newsroom(url, folder)
        newsroom.copy_judged()
        with running(folder, url, MODELS_DIR=str(newsroom.models)) as service:
            (folder / "policy.toml").write_text(POLICY)
            yield service, newsroom
        newsroom.parts.engine.dispose()


def settled(load: Load, version: str) -> None:
    """Waits until the last second's answers are all by one version."""
    end = time.monotonic() + SOON * 2
    while time.monotonic() < end:
        time.sleep(0.2)
        newest = [answer for answer in list(load.answers) if answer[0] > time.monotonic() - 1]
        if len(newest) > 5 and {answer[3] for answer in newest} == {version}:
            return
    raise AssertionError(f"{version} is not in every worker: {load.answers[-5:]}")


def test_retraining_activating_and_rolling_back_under_load(
    served: tuple[Service, Newsroom], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    service, newsroom = served
    load = Load(service)
    load.start()
    settled(load, fake_models.VERSION)
    status, result, said = newsroom.run(capsys, "retrain")
    assert (status, result["result"]) == (0, "published"), said
    made = result["version"]
    changes = [(0.0, fake_models.VERSION), (time.monotonic(), made)]
    settled(load, made)
    for change in (lambda: versions.rollback(newsroom.models), lambda: versions.activate(newsroom.models, made)):
        pointer = change()
        changes.append((time.monotonic(), pointer.active or fake_models.VERSION))
        settled(load, changes[-1][1])
    load.stop.set()
    load.join(30)

    assert {answer[2] for answer in load.answers} == {200}
    assert all(version in in_force(changes, asked, came) for asked, came, _, version in load.answers)


def in_force(changes: list[tuple[float, str]], asked: float, came: float) -> set[str]:
    """What was in force between a request and its answer, and what had been until a little before."""
    begins = [*(at for at, _ in changes), float("inf")]
    slack = 60.0 if len(changes) > 1 and asked < changes[1][0] else SOON  # a run puts its version in force before it returns
    return {version for number, (at, version) in enumerate(changes) if at - slack <= came and asked <= begins[number + 1] + SOON}
