"""The service that stands behind the WordPress of a test, and what it and its webhooks are asked."""

import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from standardwebhooks import Webhook
from test_running_service import Service, running
from wordpress_site import WordPress

ROUTE = "/?rest_route=/comment-moderation/v1/events"


class Newsroom:
    """The service, which may be stopped and started again on its port, and who works with it."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder, self.stack = folder, ExitStack()
        self.environ = {"MODELS_DIR": str(models), "ALLOW_PRIVATE_WEBHOOKS": "yes", "WORKERS": "1"}
        self.service = self._started()

    def _started(self) -> Service:
        return self.stack.enter_context(running(self.folder, f"sqlite:///{self.folder}/comments.db", **self.environ))

    def start(self) -> None:
        """Again, on the port and with the key that WordPress knows."""
        key, self.environ["PORT"] = self.service.key, str(self.service.port)
        self.service = self._started()
        self.service.key = key

    def stop(self) -> None:
        self.stack.close()

    def moderator(self, name: str) -> str:
        self.run("moderator", "create", name, "--site", "gazette", "--generate")
        return re.findall(r"cmm_\S+", self.run("moderator", "token", name))[0]

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "flask", "--app", "service", *words]
        return subprocess.run(command, env=self.service.environ, cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def await_correction(self, site: WordPress) -> None:
        """Runs WP-Cron until the newest correction was told and WordPress took it."""
        for _ in range(60):
            site.cron()
            if re.match(r".* delivered +comment.corrected", self.run("delivery", "list", "--most", "1")):
                return
            time.sleep(1)
        raise AssertionError(site.log())

    def judge(self, token: str, id: str, **verdict: Any) -> None:
        status, told = self.service.ask("POST", f"/v1/comments/{id}/verdict", verdict, headers={"Authorization": f"Bearer {token}"})
        assert status == 200, told

    def waiting(self, token: str) -> dict[str, str]:
        """The ids of what waits in our queue, by text."""
        _, told = self.service.ask("GET", "/v1/queue", headers={"Authorization": f"Bearer {token}"})
        return {card["text"]: card["id"] for card in told["comments"]}


def call(site: WordPress, id: str, at: int, body: Any, secret: str) -> requests.Response:
    """A webhook, signed with this secret."""
    sent = json.dumps(body)
    signature = Webhook(secret).sign(id, datetime.fromtimestamp(at, UTC), sent)
    headers = {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature, "Content-Type": "application/json"}
    return requests.post(f"{site.address}{ROUTE}", sent, headers=headers, timeout=60)


def await_state(site: WordPress, newsroom: Newsroom, id: str, state: str) -> None:
    """Runs WP-Cron until the comment stands so with the service."""
    for _ in range(240):
        site.cron()
        _, told = newsroom.service.ask("GET", f"/v1/comments/{id}")
        if told["comment"]["state"] == state:
            return
        time.sleep(0.25)
    raise AssertionError(f"still {told['comment']['state']}: {site.log()}")


def await_verdict(site: WordPress, newsroom: Newsroom, id: str) -> Any:
    """Runs WP-Cron until the service has a verdict on the comment, and the service's worker has told WordPress of it."""
    for _ in range(240):
        site.cron()
        _, told = newsroom.service.ask("GET", f"/v1/comments/{id}")
        if told["verdicts"]:
            return told
        time.sleep(0.25)
    raise AssertionError(site.log())
