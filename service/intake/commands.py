"""The operator's commands for what comes in by other dialects."""

import json
import os
from pathlib import Path
from urllib.parse import quote

import click

from service import sources
from service.cli import Group, check_site
from service.intake import doors
from service.intake.perspective import attributes
from service.parts import current_parts
from service.storage import coral, suggestions
from service.storage.engine import reading, writing

coral_group = Group("coral", help="The connection to Coral.")
suggestions_group = Group("suggestions", help="Labels from Perspective's clients.")
source_group = Group("source", help="Other systems' webhooks, as sources.toml describes them.")


@coral_group.command("secret")
@click.option("--site", required=True, callback=check_site, help="The site whose comments this Coral sends.")
@click.option(
    "--for", "use", type=click.Choice(["phase", "webhooks"]), default="phase", show_default=True, help="The setting of Coral that shows it."
)
@click.option("--only", is_flag=True, help="End the earlier secrets at once. Without it, the previous one stays valid until the next.")
@click.option("--secret", prompt="The signing secret that Coral shows", hide_input=True, help="Asked for if left out.")
def set_coral_secret(site: str, use: str, only: bool, secret: str) -> None:
    """Tell the service a signing secret that Coral shows, the first one or a rotated one."""
    parts = current_parts()
    if not secret.strip():
        raise click.ClickException("The secret is empty. Coral shows it where the phase or the webhook is set up.")
    sealed = doors.seal(parts.config.secret_key, secret.strip())
    with writing(parts.engine) as db:
        if only:
            coral.drop_secrets(db, site, use)
        coral.add_secret(db, site, use, sealed)
    path = {"phase": "moderate", "webhooks": "events"}[use]
    click.echo(f"Stored, encrypted. Coral's address for this: http://HOST:{parts.config.port}/v1/coral/{quote(site, safe='')}/{path}")


@suggestions_group.command("export")
@click.option("--site", help="Only of this site. Default: all sites.")
def export_suggestions(site: str | None) -> None:
    """Print the latest suggestions, as the JSON Lines that `python -m training` reads."""
    parts = current_parts()
    labels: dict[str, dict[str, float]] = {}
    with reading(parts.engine) as db:
        for row in suggestions.newest(db, site):
            name = attributes.ours(row.attribute)
            if name and row.language.partition("-")[0] in parts.model.languages:
                labels.setdefault(row.text, {}).setdefault(name, row.value)
    for text, told in labels.items():
        click.echo(json.dumps({"text": text, "labels": told, "source": "suggestion"}))


@source_group.command("check")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def check_sources(file: Path | None) -> None:
    """Read the descriptions and say what is received, or what is wrong, by line. FILE defaults to SOURCES_FILE."""
    found = sources.load(file, os.environ) if file else current_parts().sources
    for source in found.values():
        click.echo(sources.summary(source))
    if not found:
        click.echo("No source is enabled.")
