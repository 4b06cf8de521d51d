"""The queue, a comment, what was said lately; and the forms with which a moderator works."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from service import verdicts
from service.auth import moderator
from service.domain import ATTRIBUTES, Invalid, Outcome, Rejection, Role, Verdict
from service.parts import current_parts
from service.review import filters, room
from service.review.shown import count, top_scores
from service.storage import cards, comments, history, outbox, queue
from service.storage.cards import ORDERS
from service.storage.engine import reading

PAGE = 20
RECENT = 50
MOST_AT_ONCE = 1_000
SAMPLE = 12

blueprint = Blueprint("pages", __name__, url_prefix="/review")
room.furnish(blueprint)
blueprint.record(lambda state: state.app.url_map.converters.update(key=filters.KeyConverter))


@blueprint.get("/", endpoint="queue")
def queue_page() -> ResponseReturnValue:
    """The waiting comments, a page at a time, each with all that is needed to judge it."""
    wanted = filters.read(request.args)
    with reading(current_parts().engine) as db:
        rows, rest = cards.page(db, moderator(), wanted, after=request.args.get("after") or None, most=PAGE)
        all_seen = wanted.text is not None and rest is None and "after" not in request.args  # a search is the dear one: for these not twice
        waiting = cards.count(db, moderator(), wanted, taken=all_seen) + (len(rows) if all_seen else 0)
        facets, found = cards.facets(db, moderator()), _with_notes(db, rows)
    return render_template(
        "queue.html",
        cards=found,
        wanted=wanted,
        args=filters.written(wanted),
        following=filters.written(wanted, after=rest) if rest is not None else None,
        orders=ORDERS,
        attributes=ATTRIBUTES,
        waiting=waiting,
        facets=facets,
    )


@blueprint.get("/next")
def next_comment() -> ResponseReturnValue:
    """The first comment of the queue that nobody has, on a page of its own."""
    wanted = filters.read(request.args)
    with reading(current_parts().engine) as db:
        rows, _ = cards.page(db, moderator(), wanted, after=None, most=1)
    args = filters.written(wanted)
    return redirect(url_for("pages.comment", comment=rows[0].pk, **args) if rows else url_for("pages.queue", **args))


@blueprint.get("/comments/<key:comment>")
def comment(comment: int) -> ResponseReturnValue:
    """One comment with its history. Opening it claims it, where it waits. A filter tells which comes next."""
    taken, args = None, filters.written(filters.read(request.args))
    try:
        verdicts.claim(current_parts(), moderator(), comment)
    except verdicts.Conflict as conflict:
        taken = str(conflict)
    with reading(current_parts().engine) as db:
        row = cards.one(db, comment)
        if row is None:
            abort(404, "There is no such comment.")
        said = history.verdicts_of(db, comment)
        facts = {
            "card": _with_notes(db, [row])[0],
            "decisions": comments.decisions_of(db, comment),
            "verdicts": said,
            "undoable": _undoable(row, said),
            "agreeable": _agreeable(row, said),
            "told": outbox.listing(db, comment=comment),
        }
    return render_template("comment.html", taken=taken, args=args, **facts)


@blueprint.get("/recent")
def recent() -> ResponseReturnValue:
    """My verdicts, or everybody's, newest first."""
    everybody = request.args.get("who") == "everybody"
    before = request.args.get("before", type=filters.key)
    with reading(current_parts().engine) as db:
        name = None if everybody else moderator().name
        rows = history.recent(db, moderator=name, sites=moderator().sites, before=before, most=RECENT + 1)
    return render_template(
        "recent.html", rows=rows[:RECENT], older=rows[RECENT - 1].pk if len(rows) > RECENT else None, everybody=everybody
    )


@blueprint.get("/help")
def help_page() -> ResponseReturnValue:
    return render_template("help.html")


@blueprint.get("/<path:_elsewhere>")
def nothing(_elsewhere: str) -> ResponseReturnValue:
    """An address of the room that leads nowhere, as a page of it."""
    abort(404, "There is no such page.")


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Of the comments on a moderator's screen: who has which, and which wait no more."""
    asked = filters.keys(request.args.get("comments", "").split("_")[:500])
    with reading(current_parts().engine) as db:
        waiting = cards.count(db, moderator(), filters.read({name: value for name, value in request.args.items() if name != "comments"}))
        states = queue.states(db, moderator(), asked)
    now = datetime.now(UTC)
    claimed = {
        row.comment: row.claimant for row in states if row.claimed_by != moderator().pk and row.claimed_until and row.claimed_until > now
    }
    return jsonify(waiting=count(waiting), claimed=claimed, gone=sorted(set(asked) - {row.comment for row in states}))


@blueprint.post("/comments/<key:comment>/claim")
def claim(comment: int) -> ResponseReturnValue:
    place = verdicts.claim(current_parts(), moderator(), comment)
    if place is None:
        raise verdicts.Conflict("This comment does not wait any more.")
    return jsonify(claimed_until=place.claimed_until.isoformat())


@blueprint.post("/comments/<key:comment>/release")
def release(comment: int) -> ResponseReturnValue:
    verdicts.release(current_parts(), moderator(), comment)
    return jsonify(released=True)


@blueprint.post("/comments/<key:comment>/verdict")
def give_verdict(comment: int) -> ResponseReturnValue:
    revision = request.form.get("revision", type=int)
    given = verdicts.give(current_parts(), moderator(), comment, _verdict(), revision=revision)
    return _done(f"{verdicts.SAID[given.outcome].capitalize()}.", verdict=given.pk)


@blueprint.post("/comments/<key:comment>/correction")
def correct(comment: int) -> ResponseReturnValue:
    verdicts.correct(current_parts(), moderator(), comment, _verdict(), revision=request.form.get("revision", type=int))
    return _done("Corrected.")


@blueprint.post("/comments/<key:comment>/agreement")
def agree(comment: int) -> ResponseReturnValue:
    verdicts.agree(current_parts(), moderator(), comment)
    return _done("Noted that you agree.")


@blueprint.post("/comments/<key:comment>/notes")
def add_note(comment: int) -> ResponseReturnValue:
    verdicts.note(current_parts(), moderator(), comment, _typed("text"))
    return _done("Note added.")


@blueprint.post("/undo")
def undo() -> ResponseReturnValue:
    """A verdict of one's own, a bulk or, where none is named, the newest."""
    parts, told = current_parts(), request.form.get("verdict")
    try:
        named = None if told is None else filters.key(told)
    except ValueError:
        raise Invalid("verdict", "a verdict's key") from None  # and not the newest one instead
    bulk = request.form.get("bulk")
    undone = verdicts.undo_move(parts, moderator(), bulk) if named is None else [verdicts.undo(parts, moderator(), named)]
    return _done(f"Undone: {len(undone)} verdicts." if len(undone) > 1 else "Undone.", comments=[row.comment for row in undone])


@blueprint.post("/bulk")
def bulk() -> ResponseReturnValue:
    """The same verdict for a selection, or for all that a sample was shown of: comments, each with the revision that was there."""
    verdict, chosen = _verdict(), _chosen(" ".join(request.form.getlist("comment")).split())
    done = verdicts.bulk(current_parts(), moderator(), chosen, verdict)
    said = f"{verdicts.SAID[verdict.outcome].capitalize()}: {len(done.given):,} of {len(chosen):,}."
    why = " ".join(dict.fromkeys(sentence for _, sentence in done.refused[:3]))
    return _done(f"{said} {why}".strip(), bulk=done.batch if done.given else "", comments=done.given)


@blueprint.get("/band")
def band() -> ResponseReturnValue:
    """Everything between two scores on an article: a sample to read before judging all."""
    wanted = filters.read(request.args)
    if wanted.article is None or (wanted.low, wanted.high) == (None, None):
        raise Invalid("filter", "an article and a lowest or highest score")
    with reading(current_parts().engine) as db:
        there = cards.band(db, moderator(), wanted, most=MOST_AT_ONCE + 1)
        found = dict(islice(there.items(), MOST_AT_ONCE))
        spread = list(found)[:: max(1, -(-len(found) // SAMPLE))]
        sample = _with_notes(db, cards.several(db, spread))
    read = " ".join(f"{comment}_{revision}" for comment, revision in found.items())
    more = len(there) > len(found)
    return render_template("band.html", cards=sample, total=len(found), more=more, read=read, args=filters.written(wanted), wanted=wanted)


def _verdict() -> Verdict:
    """What the form's button says: a reason's button rejects."""
    code = request.form.get("reason_code", "")
    outcome = request.form.get("verdict") or ("reject" if code else "")
    if outcome not in ("approve", "reject") or (outcome == "reject" and code not in list(Rejection)):
        raise Invalid("verdict", "approve, or reject with a reason")
    return Verdict(
        outcome=Outcome(outcome),
        moderator=moderator().name,
        at=datetime.now(UTC),
        reason_code=Rejection(code) if outcome == "reject" else None,
        explanation=_typed("explanation").replace("\x00", "").strip() if outcome == "reject" else "",
    )


def _typed(name: str) -> str:
    """What was written in a field, its line ends as the browser counted them."""
    return request.form.get(name, "").replace("\r\n", "\n")


def _chosen(written: Sequence[str]) -> dict[int, int]:
    """Comments, each with the revision that was read."""
    pairs = [filters.keys(one.split("_")) for one in written[:MOST_AT_ONCE]]
    chosen = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    if not chosen:
        raise Invalid("comment", "the comments that are judged, each with its revision")
    return chosen


def _done(message: str, bulk: str = "", **facts: Any) -> ResponseReturnValue:
    """For our script what was done; for a browser without it the page where the moderator was, where a bulk can be undone."""
    if room.by_script():
        return jsonify(message=message, **facts)
    flash(message, bulk or "message")
    return redirect(room.local_path(request.form.get("next")) or url_for("pages.queue"))


def _standing(row: Row[Any], said: Any) -> Any:
    """Of what was said, the verdict in force; None where there is none."""
    return next((one for one in said if one.pk == row.verdict), None)


def _undoable(row: Row[Any], said: Any) -> int | None:
    """The verdict in force, where the moderator may still undo it."""
    standing = _standing(row, said)
    if standing is None or standing.told_at is not None:
        return None
    return standing.pk if standing.moderator == moderator().name or moderator().role is Role.ADMIN else None


def _agreeable(row: Row[Any], said: Any) -> bool:
    """Whether the verdict in force is a colleague's with which the moderator has not agreed."""
    standing = _standing(row, said)
    if standing is None or standing.moderator == moderator().name:
        return False
    return all((one.action, one.about, one.moderator) != ("agree", standing.pk, moderator().name) for one in said)


def _with_notes(db: Any, rows: Any) -> list[dict[str, Any]]:
    """What a card's template shows: the row, its reasons, the scores beside them and the notes."""
    notes = history.notes_of(db, [row.pk for row in rows])
    decided = [(row, comments.decision_from_row(row)) for row in rows]
    return [
        {"row": row, "reasons": decision.reasons, "scores": top_scores(row.scores, decision.reasons), "notes": notes.get(row.pk, [])}
        for row, decision in decided
    ]
