"""What the stories work with, each built at its first use: a command that needs no model loads none."""

import os
from dataclasses import dataclass
from functools import cached_property

from flask import current_app
from sqlalchemy import Engine

from service import rules, scoring, sources
from service.config import Config
from service.served import Served
from service.storage.engine import open_engine


@dataclass(frozen=True)
class Parts:
    config: Config

    @cached_property
    def engine(self) -> Engine:
        return open_engine(self.config.database_url)

    @cached_property
    def served(self) -> Served:
        """The models, as they change while the process lives. Raises scoring.ModelError."""
        return Served(self.config.models_dir)

    @property
    def model(self) -> scoring.Model:
        """The one in force at this moment: ask once for what belongs together. Raises scoring.ModelError."""
        return self.served.active

    @cached_property
    def rules(self) -> rules.Rules:
        """Raises toml_files.TomlError."""
        return rules.load(self.config.policy_file)

    @cached_property
    def sources(self) -> dict[str, sources.Source]:
        """Empty where nobody wrote or named a file. Raises toml_files.TomlError."""
        file = self.config.sources_file
        return {} if file == sources.DEFAULT and not file.exists() else sources.load(file, os.environ)


def current_parts() -> Parts:
    """The parts of the app that serves this request or runs this command."""
    parts: Parts = current_app.extensions["parts"]
    return parts
