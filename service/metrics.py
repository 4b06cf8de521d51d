"""What is counted. Every label's values are few: sites have keys, and the rest is an enumeration of ours."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from service.domain import Outcome

FAULTS = (400, 401, 422, 500, 503)  # statuses that somebody may have to be woken for

DECISIONS = Counter("moderation_decisions", "Decisions by site and outcome", ["site", "outcome"])
HOLDS = Counter("moderation_holds", "Reasons of held comments; a comment counts once for each of its reasons", ["site", "reason"])
REFUSED = Counter("moderation_comments_refused", "Comments that were not taken, since they were not as the API has them", ["site"])
SCORING_SECONDS = Histogram(
    "moderation_scoring_seconds",
    "Time that the models took for one call",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10),
)
SCORING_FAILURES = Counter("moderation_scoring_failures", "Calls of the models that raised")
REQUESTS = Counter("moderation_requests", "HTTP requests by route and status", ["route", "status"])
REQUEST_SECONDS = Histogram("moderation_request_seconds", "Time of an HTTP request by route", ["route"])
MODELS_REFUSED = Counter("moderation_models_refused", "Versions of the models that were named and not taken, as they did not verify")
WORKERS_STARTED = Counter("moderation_workers_started", "Workers that were started, also in the place of one that died")


def begin_at_zero(sites: Iterable[str], routes: Iterable[str]) -> None:
    """So that the first fault of a kind is a rise too: Prometheus sees none in a figure that was not there before."""
    for site in sites:
        REFUSED.labels(site)
        for outcome in Outcome:
            DECISIONS.labels(site, outcome)
    for route in routes:
        for status in FAULTS:
            REQUESTS.labels(route, status)
