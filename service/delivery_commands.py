"""The operator's commands about webhooks: `flask endpoint`, `flask delivery`, `flask deliver`."""

import logging.config
import signal
from threading import Event
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import Row

from service import auth, delivery
from service.cli import Group, Sentences, check_site
from service.domain import MAX_URL
from service.events import EVENTS
from service.logs import dict_config
from service.parts import current_parts
from service.post import Refused, check_url
from service.storage import endpoints, outbox
from service.storage.engine import reading, writing

endpoint_group = Group("endpoint", help="Addresses to which a site's decisions and verdicts are sent, by signed webhook.")
delivery_group = Group("delivery", help="The messages to endpoints: delivered, waiting, given up or withdrawn.")


@endpoint_group.command("create")
@click.option("--site", required=True, callback=check_site, help="The site whose comments it hears of.")
@click.option("--url", required=True, help="The address to send to, by POST.")
@click.option("--events", default=",".join(EVENTS), show_default=True, help="The events to send, separated by commas.")
def create_endpoint(site: str, url: str, events: str) -> None:
    """Make an endpoint and show its signing secret."""
    parts = current_parts()
    wanted = [name.strip() for name in events.split(",")]
    if unknown := sorted(set(wanted) - set(EVENTS)):
        raise click.ClickException(f"There is no event '{unknown[0]}'. The events: {', '.join(EVENTS)}.")
    try:
        check_url(url, allow_private=parts.config.allow_private_webhooks)
    except Refused as refused:
        raise click.ClickException(f"{url!r} cannot be an endpoint. {refused}") from None
    if len(url) > MAX_URL:
        raise click.ClickException(f"The URL is longer than {MAX_URL:,} characters.")
    with writing(parts.engine) as db:
        endpoint = endpoints.add(db, site=site, url=url, events=[name for name in EVENTS if name in wanted])
        secret = _secret(endpoint)
    click.echo(f"Endpoint {endpoint.id} of the site '{site}'. Its signing secret (Standard Webhooks):\n\n  {secret}\n")


@endpoint_group.command("list")
def list_endpoints() -> None:
    """List the endpoints, without their secrets."""
    with reading(current_parts().engine) as db:
        rows, tried = endpoints.every(db), outbox.last_attempts(db)
    for row in rows:
        click.echo(f"{row.id:<12}  {row.site:<18}  {_state(row, tried.get(row.id)):<26}  {','.join(row.events)}  {row.url}")
    if not rows:
        click.echo("There is no endpoint yet. To make one: flask --app service endpoint create --site NAME --url URL")


@endpoint_group.command("rotate")
@click.argument("id")
def rotate_endpoint(id: str) -> None:
    """Make a new signing secret and show it. For a day the old one signs too."""
    with writing(current_parts().engine) as db:
        endpoint = endpoints.rotate(db, id)
        if endpoint is None:
            raise _unknown(id)
        secret = _secret(endpoint)
    click.echo(f"The new signing secret of endpoint {id}; for the next 24 hours the one before it signs too:\n\n  {secret}\n")


@endpoint_group.command("disable")
@click.argument("id")
def disable_endpoint(id: str) -> None:
    """Send nothing more to an endpoint. Its messages wait until it is enabled."""
    with writing(current_parts().engine) as db:
        if not endpoints.disable(db, id, "by command"):
            raise _unknown(id)
    click.echo(f"Endpoint {id} is disabled. To send it what waits: flask --app service endpoint enable {id}")


@endpoint_group.command("enable")
@click.argument("id")
def enable_endpoint(id: str) -> None:
    """Send to an endpoint again, first what waited."""
    leased = delivery.now() + delivery.LEASE  # what is due later is not under way
    with writing(current_parts().engine) as db:
        outbox.hasten(db, id, later_than=leased)  # the messages first, as delivery does, or each would wait for the other
        if not endpoints.enable(db, id):
            raise _unknown(id)
    click.echo(f"Endpoint {id} is enabled.")


@endpoint_group.command("delete")
@click.argument("id")
def delete_endpoint(id: str) -> None:
    """End an endpoint for good, and withdraw its messages that wait or were given up. Delivered ones stay listed."""
    with writing(current_parts().engine) as db:
        withdrawn = outbox.withdraw_from(db, id)  # the messages first, as delivery does, or each would wait for the other
        if not endpoints.delete(db, id):
            raise _unknown(id)
    click.echo(f"Endpoint {id} is deleted. Messages withdrawn: {withdrawn}.")


@delivery_group.command("list")
@click.option("--endpoint", help="Only to this endpoint.")
@click.option("--state", type=click.Choice(outbox.STATES), help="Only in this state.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many at the most.")
def list_deliveries(endpoint: str | None, state: str | None, most: int) -> None:
    """List messages, newest first, with the result of the last attempt."""
    with reading(current_parts().engine) as db:
        rows = outbox.listing(db, endpoint=endpoint, state=state, most=most)
    for row in rows:
        what = f"{row.state:<10}{row.event:<19}{row.comment_id}"
        click.echo(f"{row.created_at:%Y-%m-%d %H:%M:%S}  {row.id}  {row.endpoint}  {what}  {_last(row)}")
    if not rows:
        click.echo("There is no such message. `flask --app service endpoint list` shows the endpoints.")


@delivery_group.command("replay")
@click.argument("id", required=False)
@click.option("--endpoint", help="Every message to this endpoint that was given up.")
def replay(id: str | None, endpoint: str | None) -> None:
    """Send one message again, or all to an endpoint that were given up; each under its old id."""
    if (id is None) == (endpoint is None):
        raise click.UsageError("Name either a message, as `delivery list` shows it, or --endpoint.")
    with writing(current_parts().engine) as db:
        replayed = outbox.replay(db, id=id, endpoint=endpoint)
    if not replayed:
        raise click.ClickException("There is nothing to replay. `flask --app service delivery list` shows the messages.")
    click.echo(f"Messages to be sent again: {replayed}.")


@click.command("deliver", cls=Sentences)
@with_appcontext
def deliver() -> None:
    """Send webhooks until SIGTERM or SIGINT. Several may run at once."""
    parts = current_parts()
    if parts.config.secret_key is None:
        raise click.ClickException("SECRET_KEY is not set: webhooks are signed with secrets derived from it.")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.config.dictConfig(dict_config(parts.config.log_level))
    delivery.run(parts, stop)


def _secret(endpoint: Row[Any]) -> str:
    return auth.endpoint_secret(current_parts().config.secret_key, endpoint.id, endpoint.rotation)


def _state(endpoint: Row[Any], tried: Row[Any] | None) -> str:
    if endpoint.disabled_at:
        return f"disabled: {endpoint.disabled_because}"
    if tried is None or (tried.status is not None and 200 <= tried.status < 300):
        return "in force"
    return f"failing: {tried.status or tried.problem}"


def _unknown(id: str) -> click.ClickException:
    return click.ClickException(f"There is no endpoint '{id}' to do that with. `flask --app service endpoint list` shows them.")


def _last(row: Row[Any]) -> str:
    if row.tried_at is None:
        return "not tried yet"
    return f"attempt {row.attempts}: {row.status or row.problem}"
