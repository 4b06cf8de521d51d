"""comment-moderation: rates readers' comments and answers approve, hold or reject."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Config

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime, wherever it is imported from here on, else reports its use to its maker


def create_app(config: "Config | None" = None) -> "Flask":
    """The only wiring. Reads the environment where it is given no configuration; raises ConfigError for a bad value."""
    from service.config import Config, make_metrics_folder

    make_metrics_folder(os.environ)  # before any room is imported that counts

    # Imported here, so that training and the pure rooms come without the web.
    from flask import Flask
    from flask_limiter import Limit, Limiter

    from service import auth, cli, errors, logs, routes
    from service.parts import Parts

    config = config or Config.from_environ(os.environ)
    app = Flask(__name__, static_folder=None)
    app.extensions["parts"] = Parts(config)

    logs.register(app)
    errors.register(app)
    auth.set_up_sessions(app, config)
    app.before_request(auth.identify)
    limiter = Limiter(
        auth.rate_limit_key,
        app=app,
        default_limits=[Limit(config.rate_limit, error_message=routes.TOO_MANY)],
        storage_uri=config.redis_url or "memory://",
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1} if config.redis_url else {},
        in_memory_fallback_enabled=config.redis_url is not None,
        swallow_errors=True,  # of requests that ask Redis while it dies, the first alone falls back; the others are not counted
        headers_enabled=True,
    )
    routes.register(app, limiter)
    cli.register(app)
    return app
