"""Which rooms are open to whom: every blueprint with its access, openness too."""

from flask import Flask, Response
from flask_limiter import Limiter

from service import auth, health
from service.intake import coral, doors, native, sources
from service.intake.perspective import views as perspective
from service.review import api, deliveries, door, overview, pages, versions

TOO_MANY = "There were too many requests. Wait a little before the next one."

API = (
    (native.blueprint, auth.api_key),
    (perspective.blueprint, auth.key_in_address),
    (sources.blueprint, doors.webhook_signature),
    (api.blueprint, auth.moderator_token),
)
PAGES = (
    (door.blueprint, auth.own_forms),
    (pages.blueprint, auth.signed_in),
    (overview.blueprint, auth.signed_in),
    (deliveries.blueprint, auth.signed_in),
    (versions.blueprint, auth.signed_in),
)
UNLIMITED = (
    (coral.phase, doors.coral_signature),  # Coral publishes a comment whose request was refused
    (coral.events, doors.coral_signature),
    (perspective.discovery, auth.open_to_all),
    (native.description, auth.open_to_all),
    (health.blueprint, auth.open_to_all),
    (health.metrics_blueprint, auth.metrics_token),
)


def register(app: Flask, limiter: Limiter) -> None:
    app.config["MAX_CONTENT_LENGTH"] = native.MANY  # of a body that is read before its view names its own limit
    app.url_map.merge_slashes = False  # an article's id may be its URL
    rate_limit = app.extensions["parts"].config.rate_limit
    one_for_all = limiter.shared_limit(rate_limit, scope="api", error_message=TOO_MANY)  # the default counts each route apart
    for blueprint, _ in API:
        one_for_all(blueprint)
    limiter.limit("60/minute", methods=["POST"], error_message=TOO_MANY)(door.blueprint)  # a guesser of passwords has many names to try
    for blueprint, _ in UNLIMITED:
        limiter.exempt(blueprint)
    for blueprint, access in (*API, *PAGES, *UNLIMITED):
        auth.register(app, blueprint, access)
    app.after_request(_keep_nowhere)


def _keep_nowhere(response: Response) -> Response:
    """Some caches, nginx's among them, ask for no Authorization header: strangers would get what a key or a session was shown."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
