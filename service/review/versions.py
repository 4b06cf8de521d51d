"""The models: which is in force, what each run's report says, and what one beside it would have decided otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from service import versions
from service.auth import moderator
from service.parts import Parts, current_parts
from service.review import filters, room
from service.storage import shadows
from service.storage.engine import reading

SHOWN = 100

# A report is our own file and has its styles in it; it may still load and run nothing.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

blueprint = Blueprint("versions", __name__, url_prefix="/review")
room.furnish(blueprint)


@blueprint.get("/models")
def page() -> ResponseReturnValue:
    days = filters.days(request.args, 7)
    parts, sites = current_parts(), moderator().sites
    shadow, since = parts.served.shadow, datetime.now(UTC) - timedelta(days=days)
    tally: list[Row[Any]] = []
    changed: list[Row[Any]] = []
    if shadow is not None:
        with reading(parts.engine) as db:
            tally = list(shadows.tally(db, shadow.version, sites, since))
            changed = list(shadows.changed(db, shadow.version, sites, since, SHOWN))
    return render_template(
        "models.html",
        days=days,
        windows=filters.WINDOWS,
        in_force=parts.model.version,
        shadow=shadow.version if shadow is not None else None,
        runs=_runs(parts),
        may_read=not sites,
        compared=sum(row.number for row in tally),
        differ=sum(row.number for row in tally if row.decided != row.outcome),
        borne_out=_borne_out(tally),
        tally=sorted(tally, key=lambda row: -row.number),
        changed=changed,
    )


@blueprint.get("/models/<version>/report")
def report(version: str) -> ResponseReturnValue:
    """What a run wrote beside its version. It quotes comments of every site."""
    parts = current_parts()
    if moderator().sites:
        abort(403, "The report quotes comments of every site; you may see only some sites.")
    if version not in versions.every(parts.config.models_dir):
        abort(404, "There is no such version.")
    path = versions.folder(parts.config.models_dir, version) / versions.REPORT
    if not path.is_file():
        abort(404, "There is no report of this version.")
    try:
        written = path.read_bytes()
    except PermissionError:
        abort(403, "The service may not read this report, which quotes comments: only the account that retrained and its group may.")
    return Response(written, mimetype="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


def _runs(parts: Parts) -> list[dict[str, Any]]:
    """What each version's manifest says of its run, newest first."""
    found = []
    for name in reversed(versions.every(parts.config.models_dir)):
        try:
            about = versions.about(versions.folder(parts.config.models_dir, name))
        except (OSError, ValueError, AttributeError):
            continue
        found.append({"version": name, "about": about, "auc": about.get("figures", {}).get("auc", {})})
    return found


def _borne_out(tally: list[Row[Any]]) -> tuple[int, int]:
    """Of the differences where a moderator said something: how often the shadow was right, and how many they are."""
    judged = [row for row in tally if row.decided != row.outcome and row.verdict is not None and "hold" not in (row.decided, row.outcome)]
    return sum(row.number for row in judged if row.outcome == row.verdict), sum(row.number for row in judged)
