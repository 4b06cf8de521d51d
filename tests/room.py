"""The moderators' room, entered as a browser without scripts enters it."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from service import signin
from service.domain import Role

PASSWORD = "correct horse battery"


class Visitor:
    """Somebody with a browser. Forms are sent as the pages write them, with their token."""

    def __init__(self, app: Flask, name: str = "") -> None:
        self.app, self.name, self.client = app, name, app.test_client()

    def get(self, path: str, **arguments: Any) -> TestResponse:
        return self.client.get(path, query_string=arguments or None)

    def page(self, path: str, **arguments: Any) -> str:
        answer = self.get(path, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, *, script: bool = False, **form: Any) -> TestResponse:
        headers = {"Accept": "application/json"} if script else {}
        return self.client.post(path, data=form | {"csrf_token": self.token()}, headers=headers)

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/review/help").text or "")
        found = found or re.search(r'name="csrf-token" content="([^"]+)"', self.get("/review/sign-in").text)
        assert found
        return found[1]

    def sign_in(self, password: str = PASSWORD, **form: str) -> TestResponse:
        return self.send("/review/sign-in", name=self.name, password=password, **form)

    def judge(self, comment: int, *, script: bool = True, **form: Any) -> TestResponse:
        return self.send(f"/review/comments/{comment}/verdict", script=script, **form)


def make_moderator(app: Flask, name: str, *sites: str, role: Role = Role.MODERATOR) -> Visitor:
    """A moderator who is signed in."""
    signin.create(app.extensions["parts"], name=name, role=role, sites=sites, password=PASSWORD)
    visitor = Visitor(app, name)
    assert visitor.sign_in().status_code == 302
    return visitor


def make_token(app: Flask, name: str, *sites: str) -> str:
    """The token of a moderator who has never seen a page."""
    signin.create(app.extensions["parts"], name=name, role=Role.MODERATOR, sites=sites, password=None)
    return signin.issue_token(app.extensions["parts"], name)


def cards(page: str) -> list[int]:
    """The comments on a page of the queue, in its order."""
    return [int(found) for found in re.findall(r'data-comment="(\d+)"', page)]
