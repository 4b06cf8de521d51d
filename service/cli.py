"""The operator's commands: `flask --app service ...`."""

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from service import auth, rules, scoring
from service.config import SECRET_KEY_FILE, no_secret
from service.domain import MAX_NAME, Invalid
from service.parts import current_parts
from service.storage import keys
from service.storage.engine import StorageError, fault, migrate, reading, writing
from service.toml_files import TomlError

MAX_SITE = 100  # a site and an article's id fit one index of PostgreSQL together
EXAMPLE_SITE = "example"  # of the quickstart's key, which so sees the demonstration's comments
EXAMPLE = {
    "id": "1",
    "text": "You are a complete idiot and so is everybody who voted for this.",
    "article": {"id": "night-trains", "title": "City council votes to bring back night trains"},
}


class Sentences(click.Command):
    """A command whose foreseeable faults are a sentence and not a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (TomlError, scoring.ModelError, StorageError) as error:
            raise click.ClickException(str(error)) from None
        except Invalid as error:
            raise click.ClickException(f"{error}.") from None
        except SQLAlchemyError as error:
            raise click.ClickException(fault(error)) from None
        except UnicodeEncodeError as error:
            if error.encoding != "utf-8":
                raise  # it is this terminal that cannot show an answer
            raise click.ClickException("What was typed is not UTF-8 text. Nothing was changed.") from None


class Group(Sentences, AppGroup):
    pass


key_group = Group("key", help="API keys: one site each, shown once, stored as a hash.")
policy_group = Group("policy", help="The house rules.")


def check_site(_context: click.Context, _option: click.Parameter, site: str) -> str:
    if not 1 <= len(site) <= MAX_SITE or site != site.strip() or not site.isprintable():
        raise click.BadParameter(f"expected 1 to {MAX_SITE} characters that can be seen, without blanks at either end")
    return site


def _name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if len(name) > MAX_NAME:
        raise click.BadParameter(f"at most {MAX_NAME} characters")
    return name


def register(app: Flask) -> None:
    from service.delivery_commands import deliver, delivery_group, endpoint_group  # these four stand on this module
    from service.intake.commands import coral_group, source_group, suggestions_group
    from service.model_commands import model_group
    from service.review.commands import demo_command, moderator_group

    for command in (
        key_group,
        policy_group,
        model_group,
        moderator_group,
        migrate_command,
        quickstart,
        demo_command,
        coral_group,
        suggestions_group,
        source_group,
        endpoint_group,
        delivery_group,
        deliver,
    ):
        app.cli.add_command(command)


@click.command("migrate", cls=Sentences)
@with_appcontext
def migrate_command() -> None:
    """Bring the database to this version, if it is older, as the service itself does when it starts."""
    migrate(current_parts().engine)
    click.echo("The database is of this version.")


@key_group.command("create")
@click.option("--site", required=True, callback=check_site, help="The site that the key is for; it sees nothing of another's.")
@click.option("--name", default="", callback=_name, help="What you will know it by, such as 'production CMS'.")
@click.option("--signed", is_flag=True, help="Require a signature (Standard Webhooks) on each request with a body.")
def create_key(site: str, name: str, signed: bool) -> None:
    """Make a key and show it, once."""
    parts = current_parts()
    with writing(parts.engine) as db:
        key = auth.create_key(db, site=site, name=name, signed=signed)
        secret = auth.signing_secret(parts.config.secret_key, key.split("_")[1]) if signed else None
    click.echo(f"Key for the site '{site}', shown this once:\n\n  {key}\n")
    if secret:
        click.echo(f"Signing secret (Standard Webhooks):\n\n  {secret}\n")
    click.echo(f"Send it as 'Authorization: Bearer KEY'. To end it: flask --app service key revoke {key.split('_')[1]}")


@key_group.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""
    with reading(current_parts().engine) as db:
        rows = keys.every(db)
    for row in rows:
        state = f"revoked {_day(row.revoked_at)}" if row.revoked_at else "in force"
        click.echo(f"{row.id:<14}{row.site:<20}{'signed' if row.signed else '':<8}made {_day(row.created_at)}  {state:<20}{row.name}")
    if not rows:
        click.echo("There is no key yet. To make one: flask --app service key create --site NAME")


@key_group.command("revoke")
@click.argument("id")
def revoke_key(id: str) -> None:
    """End a key, by the id that `key list` shows."""
    with writing(current_parts().engine) as db:
        revoked = keys.revoke(db, id)
    if not revoked:
        raise click.ClickException(f"No key '{id}' is in force. `flask --app service key list` shows them.")
    click.echo(f"The key '{id}' is revoked. Requests with it get 401 from now on.")


@policy_group.command("check")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def check_policy(file: Path | None) -> None:
    """Read the house rules and say what they do, or what is wrong, by line. FILE defaults to POLICY_FILE."""
    click.echo(rules.summary(rules.load(file or current_parts().config.policy_file)))


@click.command("quickstart", cls=Sentences)
@with_appcontext
def quickstart() -> None:
    """Set up for a first try: a secret, a database, a key; and print a request to paste."""
    parts = current_parts()
    secret_key = parts.config.secret_key or _make_secret_key()
    migrate(parts.engine)
    with writing(parts.engine) as db:
        key = auth.quickstart_key(db, secret_key, EXAMPLE_SITE)
    address = parts.config.url
    click.echo(f"\n  Address  {address}\n  Key      {key}   (site '{EXAMPLE_SITE}')\n\nPaste this into another terminal:\n")
    click.echo(
        f"curl -s {address}/v1/comments -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{json.dumps(EXAMPLE)}'\n"
    )
    click.echo(f"The moderators' queue is at {address}/review/. To fill it with an example and get a name and a password:\n")
    click.echo("  .venv/bin/flask --app service demo\n")


def _make_secret_key() -> str:
    secret_key = secrets.token_urlsafe(32)
    try:
        SECRET_KEY_FILE.parent.mkdir(exist_ok=True)
        SECRET_KEY_FILE.touch(mode=0o600)
        SECRET_KEY_FILE.write_text(secret_key + "\n")
    except OSError as error:
        raise no_secret(error) from None
    return secret_key


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d}"
