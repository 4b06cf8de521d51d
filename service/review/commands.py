"""The operator's commands for the moderators' room."""

import secrets

import click
from flask.cli import with_appcontext

from service import signin
from service.cli import EXAMPLE_SITE, Group, Sentences, check_site
from service.domain import Role
from service.parts import current_parts
from service.review import demo
from service.storage import moderators
from service.storage.engine import migrate, reading

moderator_group = Group("moderator", help="The people who judge held comments.")


def _check_sites(context: click.Context, option: click.Parameter, sites: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(check_site(context, option, site) for site in sites)


@moderator_group.command("create")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.MODERATOR.value,
    show_default=True,
    help="An admin may also undo others' verdicts and send webhooks again.",
)
@click.option(
    "--site",
    "sites",
    multiple=True,
    callback=_check_sites,
    help="A site that they moderate; give it again for more. Without it: every site.",
)
@click.option("--subject", help="Their id at the OpenID Connect provider (`sub`), to sign in there without a password.")
@click.option("--generate", is_flag=True, help="Make a password and show it, once, rather than ask for one.")
def create_moderator(name: str, role: str, sites: tuple[str, ...], subject: str | None, generate: bool) -> None:
    """Make a moderator."""
    password = None if subject is not None and not generate else _password(generate)
    made = signin.create(current_parts(), name=name, role=Role(role), sites=sites, password=password, subject=subject)
    click.echo(f"{made.name} may moderate {', '.join(sites) or 'every site'}, as {role}.")
    if generate:
        click.echo(f"Password, shown this once:\n\n  {password}\n")


@moderator_group.command("password")
@click.argument("name")
@click.option("--generate", is_flag=True, help="Make a password and show it, once, rather than ask for one.")
def set_password(name: str, generate: bool) -> None:
    """Set a new password. It ends a lock, and the sessions under the old one."""
    password = _password(generate)
    signin.set_password(current_parts(), name, password)
    click.echo(f"{name} has a new password; sessions under the old one have ended.")
    if generate:
        click.echo(f"Password, shown this once:\n\n  {password}\n")


@moderator_group.command("list")
def list_moderators() -> None:
    """List the moderators."""
    with reading(current_parts().engine) as db:
        rows = moderators.every(db)
    for row in rows:
        ways = [way for way, has in (("password", row.password_hash), ("provider", row.oidc_subject), ("token", row.token_hash)) if has]
        state, sites = "active" if row.active else "disabled", ", ".join(row.sites) or "every site"
        click.echo(f"{row.name:<24}{row.role:<11}{state:<10}{sites:<24}{', '.join(ways)}")
    if not rows:
        click.echo("There is no moderator yet. To make one: flask --app service moderator create NAME")


@moderator_group.command("token")
@click.argument("name")
def make_token(name: str) -> None:
    """Make a token for the API and show it, once. An earlier one ends."""
    token = signin.issue_token(current_parts(), name)
    click.echo(f"Token of {name}, shown this once; an earlier one has ended:\n\n  {token}\n\nSend it as 'Authorization: Bearer TOKEN'.")


@moderator_group.command("disable")
@click.argument("name")
def disable_moderator(name: str) -> None:
    """End a moderator's sessions and token. Their verdicts stay."""
    signin.disable(current_parts(), name)
    click.echo(f"{name} cannot sign in any more. Their verdicts stay. To undo it: flask --app service moderator enable NAME")


@moderator_group.command("enable")
@click.argument("name")
def enable_moderator(name: str) -> None:
    """Let a disabled moderator in again. The password stays; the token has ended."""
    signin.enable(current_parts(), name)
    click.echo(f"{name} may sign in again. For the API they need a new token: flask --app service moderator token NAME")


def _password(generate: bool) -> str:
    return secrets.token_urlsafe(12) if generate else str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.command("demo", cls=Sentences)
@with_appcontext
def demo_command() -> None:
    """Fill the site 'example' with three weeks of comments on three articles, and make a moderator to look at them."""
    parts = current_parts()
    migrate(parts.engine)
    click.echo("Moderating a few hundred comments ...")
    filled = demo.fill(parts, EXAMPLE_SITE)
    click.echo(f"{filled.comments} comments on three articles; {filled.waiting} wait for a moderator.\n")
    click.echo(f"  Open      {parts.config.url}/review/")
    click.echo(f"  Name      {filled.name}\n  Password  {filled.password}\n")
