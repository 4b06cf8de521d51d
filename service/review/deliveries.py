"""What the sites' CMSs were told by webhook, what waits, and what was given up."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.auth import moderator
from service.domain import Role
from service.parts import current_parts
from service.review import filters, room
from service.storage import outbox
from service.storage.engine import reading, writing

PAGE = 50

blueprint = Blueprint("deliveries", __name__, url_prefix="/review/deliveries")
room.furnish(blueprint)


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """The messages to the moderator's sites, newest first."""
    state = request.args.get("state") if request.args.get("state") in outbox.STATES else None
    with reading(current_parts().engine) as db:
        rows = outbox.listing(db, sites=moderator().sites, state=state, before=request.args.get("before", type=filters.key), most=PAGE + 1)
    older = rows[PAGE - 1].pk if len(rows) > PAGE else None
    admin = moderator().role is Role.ADMIN
    return render_template("deliveries.html", rows=rows[:PAGE], older=older, state=state, states=outbox.STATES, admin=admin)


@blueprint.post("/<id>/replay")
def replay(id: str) -> ResponseReturnValue:
    """Sends a message again, under its id."""
    if moderator().role is not Role.ADMIN:
        abort(403, "Only an admin sends messages again.")
    with writing(current_parts().engine) as db:
        found = [] if "\x00" in id else outbox.listing(db, sites=moderator().sites, id=id, most=1)
        if not found or not outbox.replay(db, id=id):
            abort(404, "There is no such message on your sites.")
    flash("The message will be sent again.")
    return redirect(url_for("deliveries.page"))
