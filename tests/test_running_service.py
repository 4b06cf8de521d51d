"""The service as it is run: gunicorn with two workers, called over HTTP."""

import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import quote

import fake_models
import pytest
from conftest import POLICY, fresh_database

from service import auth
from service.config import Config
from service.storage.engine import open_engine, writing

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
COMMAND = [sys.executable, "-m", "service"]

Answer = tuple[int, dict[str, Any]]


class Service:
    """A running service, a key of the site 'gazette', and who runs it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, environ: dict[str, str], folder: Path) -> None:
        self.process, self.port, self.environ, self.folder = process, port, environ, folder
        self.key = ""

    def ask(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Authorization": f"Bearer {self.key}"} | (headers or {})
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body, sent)
            answer = connection.getresponse()
            told = answer.read()
            return answer.status, json.loads(told) if "json" in (answer.getheader("Content-Type") or "") else {"page": told.decode()}
        finally:
            connection.close()

    def comment(self, id: str, text: str, **about: Any) -> Answer:
        return self.ask("POST", "/v1/comments", {"id": id, "text": text, **about})

    @property
    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def wait(self) -> None:
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(self.log)
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("not ready after a minute")

    def wait_for_slow(self, count: int) -> None:
        """Until so many slow texts have begun to be rated."""
        for _ in range(600):
            if self.log.count(fake_models.SLOW) >= count:
                return
            time.sleep(0.1)
        raise AssertionError(self.log)


def environment(folder: Path, database_url: str, **environ: str) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    policy = folder / "policy.toml"
    policy.write_text(POLICY)
    told = {"PORT": str(port), "DATABASE_URL": database_url, "POLICY_FILE": str(policy), "SECRET_KEY": "s" * 32, "WORKERS": "2"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PROMETHEUS_"))}
    return inherited | told | {"PYTHONPATH": str(ROOT / "tests"), "RATE_LIMIT": "1000000/minute"} | environ


@contextmanager
def running(folder: Path, database_url: str, **environ: str) -> Iterator[Service]:
    told = environment(folder, database_url, **environ)
    with (folder / "log").open("wb") as log, subprocess.Popen(COMMAND, cwd=folder, env=told, stderr=log) as process:
        service = Service(process, int(told["PORT"]), told, folder)
        try:
            service.wait()
            engine = open_engine(Config.from_environ(told).database_url)
            with writing(engine) as db:
                service.key = auth.create_key(db, site="gazette", name="", signed=False)
            engine.dispose()
            yield service
        finally:
            process.send_signal(signal.SIGINT)  # at once


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_database(request.param, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
def service(url: str, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """On the fake scorer, with a rule for each of its words; what it logs is all that it may."""
    with running(tmp_path_factory.mktemp("service"), url, MODELS_DIR=str(models_dir), LOG_LEVEL="DEBUG") as service:
        yield service


@pytest.fixture(scope="module")
def real_service(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """On the shipped models and the shipped policy."""
    if not DATA.is_dir():
        pytest.skip("the corpora, with the real comments, are not here")
    files = {"MODELS_DIR": str(ROOT / "models"), "POLICY_FILE": str(ROOT / "policy.toml")}
    with running(tmp_path_factory.mktemp("real"), url, **files) as service:
        yield service


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]


def lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def labelled(label: float, count: int) -> list[str]:
    found = (line["text"] for line in lines("test-jigsaw") if line["labels"].get("toxicity") == label)
    return [text for text in found if 20 <= len(text) <= 300][:count]


def decisions(service: Service, prefix: str, texts: list[str], **about: Any) -> list[str]:
    body = {"comments": [{"id": f"{prefix}{n}", "text": text, **about} for n, text in enumerate(texts)]}
    status, answer = service.ask("POST", "/v1/comments:batch", body)
    assert status == 200
    return [one["result"]["decision"] for one in answer["results"]]


def test_most_fine_comments_are_approved(real_service: Service) -> None:
    assert decisions(real_service, "fine", labelled(0.0, 40)).count("approve") >= 32


def test_most_toxic_comments_are_not_approved(real_service: Service) -> None:
    assert decisions(real_service, "toxic", labelled(1.0, 40)).count("approve") <= 12


def test_most_toxic_comments_are_not_approved_in_disguise(real_service: Service) -> None:
    disguised = ["\u200b".join(text.replace("e", "е").replace("o", "0")) for text in labelled(1.0, 40)]
    assert decisions(real_service, "evasive", disguised).count("approve") <= 16


def test_comments_on_another_article_score_higher_as_off_topic(real_service: Service) -> None:
    articles = [one for one in lines("topicality-articles") if one["source"] == "cocolofa"][:8]
    told: dict[str, list[str]] = {article["id"]: [] for article in articles}
    for line in lines("topicality-comments"):
        if line["article"] in told:
            told[line["article"]].append(line["text"][:5_000])
    off_topic: dict[str, list[float]] = {"own": [], "other": []}
    for number, article in enumerate(articles):
        path = "/v1/articles/" + quote(article["id"], safe="")
        assert real_service.ask("PUT", path, {"title": article["title"], "text": article["text"]})[0] == 200
        for whose, name in (("own", article["id"]), ("other", articles[number - 1]["id"])):
            for n, text in enumerate(told[name][:5]):
                status, answer = real_service.comment(f"{whose}{number}-{n}", text, article={"id": article["id"]})
                assert status == 200
                off_topic[whose].append(answer["scores"].get("off_topic", 0.0))
    assert fmean(off_topic["other"]) > 2 * fmean(off_topic["own"])


def test_a_decision_says_which_model_made_it(real_service: Service) -> None:
    _, ready = real_service.ask("GET", "/readyz")
    _, answer = real_service.comment("versions", "Thank you for this article.")
    assert answer["model_version"] == ready["model_version"] == json.loads((ROOT / "models" / "manifest.json").read_text())["version"]
    assert answer["policy_version"] == ready["policy_version"]


def test_ten_clients_with_the_same_comment_at_once_are_one_comment(service: Service) -> None:
    answers = at_once([lambda: service.comment("same", "How rude.")] * 10)
    assert [status for status, _ in answers] == [200] * 10
    assert sorted(answer["repeated"] for _, answer in answers) == [False] + [True] * 9
    assert len(service.ask("GET", "/v1/comments/same")[1]["decisions"]) == 1


def test_a_comment_that_cannot_be_scored_is_held(service: Service) -> None:
    _, answer = service.comment("unscorable", "An unscorable thing.")
    assert (answer["decision"], [reason["code"] for reason in answer["reasons"]]) == ("hold", ["scoring_failed"])


def test_a_header_does_not_make_another_page_of_an_address(service: Service) -> None:
    assert service.ask("GET", "/v1/metrics", headers={"SCRIPT_NAME": "/v1"})[0] == 404


def test_an_article_may_be_named_by_a_long_address(service: Service) -> None:
    id = "https://news.example/" + "é" * 980
    assert service.ask("PUT", "/v1/articles/" + quote(id, safe=""), {"title": "A title"})[1]["id"] == id


def test_a_body_may_come_in_chunks(service: Service) -> None:
    status, answer = service.ask("POST", "/v1/comments", iter([b'{"id": "chunks", ', b'"text": "How rude."}']))
    assert (status, answer["decision"]) == (200, "hold")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_413(service: Service, chunked: bool) -> None:
    body = b" " * 1_500_000
    assert service.ask("POST", "/v1/comments", iter([body]) if chunked else body)[0] == 413


def counted(service: Service) -> float:
    """The decisions on the gazette's comments, as the service tells Prometheus."""
    page = service.ask("GET", "/metrics")[1]["page"]
    return sum(map(float, re.findall(r'^moderation_decisions_total\{.*site="gazette".*\} (\S+)$', page, re.MULTILINE)))


def test_both_workers_are_counted_whichever_answers(service: Service) -> None:
    before = counted(service)
    at_once([lambda n=n: service.comment(f"count{n}", "Well said.") for n in range(40)])
    assert {counted(service) for _ in range(10)} == {before + 40}


def test_a_worker_that_died_is_seen_by_its_successor(service: Service) -> None:
    def started() -> float:
        return sum(
            map(float, re.findall(r"^moderation_workers_started_total (\S+)$", service.ask("GET", "/metrics")[1]["page"], re.MULTILINE))
        )

    before = started()
    os.kill(service.workers[0], signal.SIGKILL)
    for _ in range(600):
        if started() > before:
            break
        time.sleep(0.1)
    assert started() == before + 1


def test_a_second_start_on_the_same_port_leaves_the_figures_of_the_first(service: Service) -> None:
    service.comment("counted", "Well said.")
    before = counted(service)
    second = subprocess.run(COMMAND, cwd=service.folder, env=service.environ, capture_output=True, timeout=120)
    assert (second.returncode, counted(service)) == (1, before)


def test_each_line_of_the_log_is_json_and_none_has_a_readers_words(service: Service) -> None:
    service.comment("logged", "secretive and unscorable", author={"id": "a1", "name": "secretive"})
    found = [json.loads(line) for line in service.log.splitlines()]
    assert {"request", "scoring failed"} <= {line["message"] for line in found}
    assert "secretive" not in service.log
    assert service.key not in service.log


def test_what_a_wrong_length_leaves_of_a_body_is_not_logged(service: Service) -> None:
    rest = 'IVAN secretive words"}'
    body = json.dumps({"id": "short", "text": "é" * len(rest)}, ensure_ascii=False)[:-2] + rest
    head = f"POST /v1/comments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        for _ in range(2):
            connection.sendall((head + body).encode())
        while connection.recv(4096):
            pass
    assert "Invalid request from ip=127.0.0.1" in service.log
    assert "secretive" not in service.log


@pytest.mark.parametrize(
    ("length", "rest"),
    [(5, '{"id": "gone", "text": "secretive words"}'), (2, "{}IVAN secretive words"), (None, "X-Name: secretive")],
    ids=["a body longer than it says", "another request's beginning", "half a header"],
)
def test_what_a_client_leaves_that_goes_away_is_not_logged(service: Service, length: int | None, rest: str) -> None:
    head = f"POST /v1/comments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.key}\r\n"
    end = "" if length is None else f"Content-Length: {length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall((head + end + rest).encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert "secretive" not in service.log
    assert service.key not in service.log


def test_the_request_that_quickstart_prints_works_when_pasted(service: Service) -> None:
    command = [sys.executable, "-m", "flask", "--app", "service", "quickstart"]
    said = subprocess.run(command, cwd=service.folder, env=service.environ, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in said.splitlines() if line.startswith("curl ")]
    pasted = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert json.loads(pasted.stdout)["comment"]["site"] == "example"


def test_a_killed_worker_loses_no_comment(url: str, models_dir: Path, tmp_path: Path) -> None:
    with running(tmp_path, url, MODELS_DIR=str(models_dir)) as service:

        def send(number: int) -> tuple[int, int | None]:
            try:
                return number, service.comment(f"killed{number}", "A slow thing." if number % 10 == 0 else "Well said.")[0]
            except (OSError, http.client.HTTPException):
                return number, None

        with ThreadPoolExecutor(12) as pool:
            sent = [pool.submit(send, number) for number in range(80)]
            service.wait_for_slow(1)
            for worker in service.workers:
                os.kill(worker, signal.SIGKILL)
                time.sleep(0.3)
            answers = dict(future.result() for future in sent)
        service.wait()
        answered = [number for number, status in answers.items() if status == 200]
        unanswered = [number for number, status in answers.items() if status is None]
        assert len(answered) + len(unanswered) == 80
        assert answered
        assert unanswered
        assert {service.ask("GET", f"/v1/comments/killed{number}")[0] for number in answered} == {200}
        with ThreadPoolExecutor(8) as pool:
            assert {status for _, status in pool.map(send, unanswered)} == {200}
        assert {len(service.ask("GET", f"/v1/comments/killed{number}")[1]["decisions"]) for number in range(80)} == {1}


def test_a_stop_finishes_the_requests_under_way(models_dir: Path, tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path) as url, running(tmp_path, url, MODELS_DIR=str(models_dir)) as service:
        with ThreadPoolExecutor(3) as pool:
            under_way = [pool.submit(service.comment, f"c{n}", "A slow thing.") for n in range(3)]
            service.wait_for_slow(3)
            service.process.terminate()
            assert [future.result()[0] for future in under_way] == [200] * 3
        assert service.process.wait(timeout=30) == 0


def test_a_stop_does_not_wait_for_a_connection_on_which_nothing_is_asked(models_dir: Path, tmp_path: Path) -> None:
    with (
        fresh_database("sqlite", tmp_path) as url,
        running(tmp_path, url, MODELS_DIR=str(models_dir)) as service,
        socket.create_connection(("127.0.0.1", service.port)),
    ):
        time.sleep(6)  # until a worker lays it aside
        service.process.terminate()
        assert service.process.wait(timeout=20) == 0


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_does_not_wait_for_a_worker_that_starts(tmp_path: Path, sent: signal.Signals) -> None:
    models = fake_models.publish(tmp_path / "models", probes=[{"input": {"text": "A slow probe."}, "scores": {}}] * 30)
    told = environment(tmp_path, f"sqlite:///{tmp_path}/comments.db", MODELS_DIR=str(models))
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(COMMAND, cwd=tmp_path, env=told, stderr=log) as process:
        Service(process, int(told["PORT"]), told, tmp_path).wait_for_slow(1)
        process.send_signal(sent)
        assert process.wait(timeout=20) == 0

    assert "Traceback" not in (tmp_path / "log").read_text()


def test_the_workers_of_the_shipped_models_end_of_themselves(tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path) as url, running(tmp_path, url, MODELS_DIR=str(ROOT / "models")) as service:
        assert service.comment("c1", "A fair report.")[0] == 200
        time.sleep(5)  # until the other worker has begun too
        service.process.terminate()
        assert service.process.wait(timeout=60) == 0

    log = (tmp_path / "log").read_text()
    assert "Shutting down" in log
    assert "SIGABRT" not in log


def one_changed_byte(folder: Path) -> None:
    file = fake_models.publish(folder) / "fake.joblib"
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")


def other_probes(folder: Path) -> None:
    fake_models.publish(folder, probes=[{"input": {"text": "A kind probe."}, "scores": {"toxicity": 0.99}}])


@pytest.mark.parametrize(
    ("break_models", "said"),
    [
        (one_changed_byte, "the file is damaged or was changed. Put back the models"),
        (other_probes, "does not get the scores that it got when the model was made. Put back the models"),
    ],
)
def test_models_that_cannot_be_trusted_stop_the_start(tmp_path: Path, break_models: Callable[[Path], None], said: str) -> None:
    break_models(tmp_path / "models")
    assert said in refused(tmp_path, MODELS_DIR=str(tmp_path / "models"))


def test_a_bad_policy_stops_the_start(tmp_path: Path, models_dir: Path) -> None:
    (tmp_path / "bad.toml").write_text("[hold]\ntoxicty = 0.5\n")
    assert "bad.toml" in refused(tmp_path, MODELS_DIR=str(models_dir), POLICY_FILE=str(tmp_path / "bad.toml"))


def test_a_bad_variable_stops_the_start(tmp_path: Path) -> None:
    assert "WORKERS is 'many': expected a whole number from 1 to 64." in refused(tmp_path, WORKERS="many")


def test_a_database_that_does_not_answer_stops_the_start(tmp_path: Path) -> None:
    said = refused(tmp_path, DATABASE_URL="postgresql://ada:hunter2@127.0.0.1:1/none")
    assert "DATABASE_URL" in said
    assert "hunter2" not in said


def refused(folder: Path, **environ: str) -> str:
    """What a start says that fails, without a stack trace."""
    told = environment(folder, f"sqlite:///{folder}/comments.db", **environ)
    done = subprocess.run(COMMAND, cwd=folder, env=told, capture_output=True, text=True, timeout=120)
    assert done.returncode not in (0, None)
    assert "The service does not start." in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr
