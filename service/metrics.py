"""What is counted. Every label's values are few: sites have keys, and the rest is an enumeration of ours."""

from prometheus_client import Counter, Histogram

DECISIONS = Counter("moderation_decisions", "Decisions by site and outcome", ["site", "outcome"])
HOLDS = Counter("moderation_holds", "Reasons of held comments; a comment counts once for each of its reasons", ["site", "reason"])
SCORING_SECONDS = Histogram(
    "moderation_scoring_seconds",
    "Time that the models took for one call",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10),
)
SCORING_FAILURES = Counter("moderation_scoring_failures", "Calls of the models that raised")
REQUESTS = Counter("moderation_requests", "HTTP requests by route and status", ["route", "status"])
REQUEST_SECONDS = Histogram("moderation_request_seconds", "Time of an HTTP request by route", ["route"])
