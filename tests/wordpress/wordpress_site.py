"""A WordPress of its own for a test: Debian's files, a database on MariaDB, PHP's web server."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

HERE = Path(__file__).parent
PLUGIN = HERE.parent.parent / "integrations" / "wordpress" / "comment-moderation"
PACKAGE = Path("/usr/share/wordpress")
MARIADB = os.environ.get("TEST_MARIADB", "127.0.0.1:3306")


class WordPress:
    """A reader who comments, an editor who moderates, and the machine that runs WP-Cron."""

    def __init__(self, folder: Path, environ: dict[str, str], installed: dict[str, Any]) -> None:
        self.folder, self.environ, self.installed = folder, environ, installed
        self.address = environ["WP_ADDRESS"]
        self.editor = requests.Session()

    def comment(self, text: str, parent: int = 0) -> int:
        """What a reader sends with the form below the article; the id that WordPress gave it."""
        form = {"comment_post_ID": self.installed["post"], "comment_parent": parent, "comment": text}
        form |= {"author": "Ada", "email": f"{uuid.uuid4().hex}@example.org", "url": ""}
        answer = requests.post(f"{self.address}/wp-comments-post.php", form, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, answer.text
        return int(answer.headers["Location"].rpartition("#comment-")[2])

    def status(self, comment: int) -> str:
        status: str = self.rest("GET", f"/wp/v2/comments/{comment}&context=edit")["status"]
        return status

    def moderate(self, comment: int, status: str) -> None:
        """What the editor does with a comment."""
        self.rest("POST", f"/wp/v2/comments/{comment}", {"status": status})

    def edit(self, comment: int, text: str) -> None:
        """What the editor makes of its text."""
        self.rest("POST", f"/wp/v2/comments/{comment}", {"content": text})

    def member(self, registered: str) -> tuple[str, str]:
        """The name and the password of a reader who has an account since then."""
        name, password = json.loads(self.run("member.php", registered).splitlines()[-1])
        return name, password

    def member_comment(self, member: tuple[str, str], text: str) -> int:
        """What a reader with an account sends; the id that WordPress gave it."""
        made: int = self.rest("POST", "/wp/v2/comments", {"post": self.installed["post"], "content": text}, member)["id"]
        return made

    def rest(self, method: str, route: str, body: Any = None, login: tuple[str, str] | None = None) -> Any:
        """By the editor, where no other login is given."""
        auth = login or ("editor", self.installed["password"])
        answer = requests.request(method, f"{self.address}/?rest_route={route}", json=body, auth=auth, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def published(self) -> list[int]:
        """What anybody can read."""
        return [comment["id"] for comment in requests.get(f"{self.address}/?rest_route=/wp/v2/comments", timeout=60).json()]

    def cron(self) -> None:
        requests.get(f"{self.address}/wp-cron.php", timeout=60)

    def until(self, comment: int, status: str) -> None:
        """Runs WP-Cron until the comment is of this status."""
        for _ in range(240):
            self.cron()
            if (now := self.status(comment)) == status:
                return
            time.sleep(0.25)
        raise AssertionError(f"still {now}: {self.log()}")

    def sign_in(self) -> None:
        form = {"log": "editor", "pwd": "a password for tests", "testcookie": "1"}
        self.editor.cookies.set("wordpress_test_cookie", "WP Cookie check")
        assert self.editor.post(f"{self.address}/wp-login.php", form, timeout=60).ok

    def page(self, path: str) -> str:
        """A page of the editor's, with its entities as text."""
        answer = self.editor.get(f"{self.address}/wp-admin/{path}", timeout=60)
        assert answer.ok, answer.text
        return unescape(answer.text)

    def set_up(self, **settings: str) -> None:
        """What the administrator enters in the settings page."""
        page = self.page("options-general.php?page=comment-moderation").partition('action="options.php"')[2].partition("</form>")[0]
        form = dict(re.findall(r"""<input type=["']hidden["'][^>]* name=["'](\w+)["'] value=["']([^"']*)["']""", page))
        form |= {f"comment_moderation_service[{name}]": value for name, value in settings.items()}
        answer = self.editor.post(f"{self.address}/wp-admin/options.php", form, timeout=60)
        assert "settings-updated=true" in answer.url, answer.text

    def run(self, script: str, *words: str) -> str:
        done = subprocess.run(["php", HERE / script, self.folder, *words], env=self.environ, capture_output=True, text=True, check=True)
        return done.stdout

    def log(self) -> str:
        file = Path(self.environ["WP_DEBUG_FILE"])
        return file.read_text() if file.exists() else ""


@contextmanager
def wordpress(folder: Path) -> Iterator[WordPress]:
    """Installed from Debian's package, served, and dropped at the end."""
    _check_machine()
    root = folder / "wordpress"
    shutil.copytree(PACKAGE, root, ignore=shutil.ignore_patterns("wp-config.php", "languages"), ignore_dangling_symlinks=True)
    shutil.copy(HERE / "wp-config.php", root)
    shutil.copytree(PLUGIN, root / "wp-content" / "plugins" / "comment-moderation", dirs_exist_ok=True)
    (root / "wp-content" / "mu-plugins").mkdir()
    shutil.copy(HERE / "mu-plugin.php", root / "wp-content" / "mu-plugins")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "WP_ADDRESS": f"http://127.0.0.1:{port}",
        "WP_DATABASE": f"wordpress_{uuid.uuid4().hex}",
        "WP_DATABASE_HOST": MARIADB,
        "WP_DEBUG_FILE": str(folder / "php.log"),
        "PHP_CLI_SERVER_WORKERS": "4",
    }
    try:
        installed = subprocess.run(["php", HERE / "install.php", root], env=environ, capture_output=True, text=True, check=False)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        site = WordPress(root, environ, json.loads(installed.stdout.splitlines()[-1]))
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                ["php", "-S", f"127.0.0.1:{port}", "-t", root], env=environ, stdout=log, stderr=log, start_new_session=True
            )
            try:
                _wait(site)
                yield site
            finally:
                os.killpg(server.pid, 15)
                server.wait()
    finally:
        subprocess.run(["php", HERE / "drop.php"], env=environ, check=False)


def _check_machine() -> None:
    missing = [name for name, found in (("wordpress", PACKAGE.is_dir()), ("php-cli", shutil.which("php"))) if not found]
    host, _, port = MARIADB.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError:
        missing.append(f"MariaDB at {MARIADB}")
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI needs {', '.join(missing)}")
    if missing:
        pytest.skip(f"no {', '.join(missing)} here: apt-get install wordpress php-cli php-mysql php-curl, and a MariaDB")


def _wait(site: WordPress) -> None:
    for _ in range(200):
        try:
            requests.get(f"{site.address}/wp-login.php", timeout=60)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("PHP's server does not answer")
