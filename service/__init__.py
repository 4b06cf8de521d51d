"""comment-moderation: rates readers' comments and answers approve, hold or reject."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Config


def create_app(config: "Config | None" = None) -> "Flask":
    """The only wiring. Reads the environment where it is given no configuration; raises ConfigError for a bad value."""
    # Imported here, so that training and the pure rooms come without the web.
    from flask import Flask
    from flask_limiter import Limiter

    from service import auth, cli, delivery_commands, errors, health, logs
    from service.config import Config
    from service.intake import coral, doors, native, perspective, sources
    from service.parts import Parts
    from service.review import api, deliveries, door, overview, pages, versions

    config = config or Config.from_environ(os.environ)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = native.MANY  # of a body that is read before its view names its own limit
    app.url_map.merge_slashes = False  # an article's id may be its URL
    app.extensions["parts"] = Parts(config)

    logs.register(app)
    errors.register(app)
    auth.set_up_sessions(app, config)
    app.before_request(auth.identify)
    limiter = Limiter(
        auth.rate_limit_key,
        app=app,
        default_limits=[config.rate_limit],
        storage_uri=config.redis_url or "memory://",
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1} if config.redis_url else {},
        in_memory_fallback_enabled=config.redis_url is not None,
        headers_enabled=True,
    )
    auth.register(app, perspective.blueprint, doors.key_in_address)
    auth.register(app, coral.blueprint, doors.coral_signature)
    auth.register(app, sources.blueprint, doors.webhook_signature)
    auth.register(app, native.blueprint, auth.api_key)
    auth.register(app, api.blueprint, auth.moderator_token)
    limiter.limit("60/minute", methods=["POST"])(door.blueprint)  # a guesser of passwords has many names to try
    auth.register(app, door.blueprint, auth.own_forms)
    auth.register(app, pages.blueprint, auth.signed_in)
    auth.register(app, overview.blueprint, auth.signed_in)
    auth.register(app, deliveries.blueprint, auth.signed_in)
    auth.register(app, versions.blueprint, auth.signed_in)
    for blueprint, access in (
        (perspective.discovery, auth.open_to_all),
        (native.description, auth.open_to_all),
        (health.blueprint, auth.open_to_all),
        (health.metrics_blueprint, auth.metrics_token),
    ):
        limiter.exempt(blueprint)
        auth.register(app, blueprint, access)
    cli.register(app)
    delivery_commands.register(app)
    return app
