"""The service over HTTP with two workers: how much, how fast, how large. The load comes from the same machine."""

import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import milliseconds, table, text
from benchmarks.server import Server, running

CONNECTIONS = 4
SECONDS = 15


def main(_data: Path) -> None:
    with running() as server:
        rate, seconds = _load(server)
        bulk = _bulk(server)
        table(
            f"Over HTTP, 2 workers, {CONNECTIONS} connections, each answer on disk (SQLite)",
            ["what", "figure"],
            [
                ["requests a second, one comment of 300 characters each", f"{rate:,.0f}"],
                ["p50", milliseconds(seconds, 50)],
                ["p99", milliseconds(seconds, 99)],
                ["comments a second through `POST /v1/comments:batch`", f"{bulk:,.0f}"],
                ["memory of a worker, resident (shared with the other worker included)", _memory(server, "Rss")],
                ["memory of a worker, its own share (PSS)", _memory(server, "Pss")],
            ],
        )


def _load(server: Server) -> tuple[float, np.ndarray]:
    """Requests a second, and the seconds of each, shape (requests,)."""
    taken: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    end = time.perf_counter() + SECONDS
    threads = [threading.Thread(target=_ask_until, args=(server, end, number, taken[number])) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = np.concatenate([np.array(one) for one in taken])
    return len(seconds) / SECONDS, seconds


def _ask_until(server: Server, end: float, number: int, taken: list[float]) -> None:
    connection = server.connect()
    while (started := time.perf_counter()) < end:
        id = CONNECTIONS * len(taken) + number
        author = {"id": f"author-{id}"}
        server.post(connection, "/v1/comments", {"id": str(id), "text": text(300, id), "article": {"id": "a"}, "author": author})
        taken.append(time.perf_counter() - started)


def _bulk(server: Server, lists: int = 3) -> float:
    connection = server.connect()
    started = time.perf_counter()
    for number in range(lists):
        comments = [{"id": f"bulk-{number}-{i}", "text": text(300, i)} for i in range(1_000)]
        server.post(connection, "/v1/comments:batch", {"comments": comments})
    return lists * 1_000 / (time.perf_counter() - started)


def _memory(server: Server, kind: str) -> str:
    largest = max(_kilobytes(worker, kind) for worker in server.workers())
    return f"{largest / 1024:,.0f} MB"


def _kilobytes(pid: int, kind: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
