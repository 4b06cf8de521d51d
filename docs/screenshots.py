"""Draws the README's pictures of the moderators' room: the demonstration's, in Chromium, light and dark.

.venv/bin/python docs/screenshots.py
"""

import re
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from service import create_app
from service.config import Config
from service.review import demo
from service.storage.engine import migrate

HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MOST_BYTES = 160_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = create_app(_config(Path(folder)))
        parts = app.extensions["parts"]
        migrate(parts.engine)
        filled = demo.fill(parts, "example")
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for look in ("light", "dark"):
            _draw(browser, f"http://127.0.0.1:{server.server_port}", filled, look)
        browser.close()
        server.shutdown()


def _config(folder: Path) -> Config:
    """The shipped rules, with words to mark and more audits than a busy site needs."""
    policy = Path("policy.toml").read_text(encoding="utf-8")
    policy = policy.replace("suspect = []", 'suspect = ["crook*", "stupid plan", "shut up"]')
    policy = re.sub(r"^share = .*$", "share = 0.12", policy, flags=re.MULTILINE)
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    url = f"sqlite:///{folder}/comments.db"
    return replace(
        Config.from_environ({"DATABASE_URL": url, "SECRET_KEY": "s" * 32, "SECURE_COOKIES": "no"}), policy_file=folder / "policy.toml"
    )


def _draw(browser: Browser, address: str, filled: demo.Filled, look: str) -> None:
    page = browser.new_context(base_url=address, viewport={"width": 1100, "height": 820}, color_scheme=look).new_page()
    page.goto("/review/")
    page.get_by_label("Name").fill(filled.name)
    page.get_by_label("Password").fill(filled.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".card.current")
    _keep(page, f"queue-{look}")
    page.goto("/review/?reason=suspect_word")
    page.locator(".card.current a.open").click()
    page.wait_for_selector("text=History")
    page.locator("details.reject summary").click()
    _keep(page, f"comment-{look}")
    page.goto("/review/overview")
    _keep(page, f"overview-{look}", full_page=True)
    page.context.close()


def _keep(page: Page, name: str, **how: bool) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=HERE / f"{name}.png", **how)
    if (HERE / f"{name}.png").stat().st_size > MOST_BYTES:
        raise SystemExit(f"{name}.png is larger than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
