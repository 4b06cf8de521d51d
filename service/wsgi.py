"""What gunicorn loads, before it forks: a fault of configuration, policy or models stops the start with a sentence."""

import sys

from service import create_app, language
from service.config import ConfigError
from service.scoring import ModelError
from service.toml_files import TomlError

try:
    app = create_app()
    language.load()
    _parts = app.extensions["parts"]
    _ready = _parts.rules, _parts.sources, _parts.model
except (ConfigError, TomlError, ModelError) as error:
    sys.exit(f"The service does not start. {error}")
