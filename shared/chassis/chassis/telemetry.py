"""Logs and metrics of a service. Neither holds personal data: ids, codes, counts and instants only."""

import logging
import sys
import traceback
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The metrics of one service process; each name with its unit."""

    def __init__(self) -> None:
        self.registry = this = CollectorRegistry()
        self.outbox_backlog = Gauge("outbox_backlog_events", "Said and not yet on Kafka", registry=this)
        self.outbox_oldest_age = Gauge(
            "outbox_oldest_age_seconds", "Age of the oldest event not yet on Kafka", registry=this
        )
        self.relay_leading = Gauge("relay_leading", "1 while this replica sends what the service says", registry=this)
        self.relayed = Counter("relayed_records_total", "Records that Kafka acknowledged", registry=this)
        self.relay_failures = Counter("relay_failures_total", "Sends that failed: a bug, not an outage", registry=this)
        self.lag_records = Gauge("consumer_lag_records", "Records not yet handled", ["consumer"], registry=this)
        self.lag_seconds = Gauge(
            "consumer_lag_seconds", "Since the consumer was last level", ["consumer"], registry=this
        )
        self.end_to_end = Histogram(
            "event_end_to_end_seconds", "From written to its effect here", ["consumer"], buckets=SECONDS, registry=this
        )
        self.applied = Counter("events_applied_total", "Reactions done", ["consumer"], registry=this)
        self.duplicates = Counter(
            "duplicates_dropped_total", "Repeats dropped by sequence", ["consumer"], registry=this
        )
        self.gaps = Counter(
            "sequence_gaps_total", "Subjects found with a hole before an event", ["consumer"], registry=this
        )
        self.parked_total = Counter("events_parked_total", "Events set aside", ["consumer", "kind"], registry=this)
        self.parked = Gauge("parked_events", "Events set aside and still there", registry=this)
        self.requests = Histogram(
            "http_request_seconds", "HTTP requests", ["method", "route", "status"], buckets=SECONDS, registry=this
        )


def configure_logs(service: str, form: Literal["json", "console"]) -> None:
    """Send every logger of the process, the libraries' too, to stdout in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.contextvars.merge_contextvars,
        _naming(service),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                places_of_errors,
                renderer,
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    for noisy in ("aiokafka", "faststream", "uvicorn.access", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def places_of_errors(_logger: object, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Of an exception, its class and the places it passed; never its text nor any variable, which may be personal."""
    given = fields.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    error = sys.exc_info()[1] if given is True else error
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        fields["error"] = type(error).__qualname__
        fields["places"] = [f"{'/'.join(its.filename.split('/')[-2:])}:{its.lineno} {its.name}" for its in frames]
    return fields


def _naming(service: str) -> structlog.typing.Processor:
    def name(_logger: object, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
        fields["service"] = service
        return fields

    return name


# Until a program says how it logs: structlog's own way prints the texts of errors and the variables around them.
structlog.configure(processors=[structlog.stdlib.add_log_level, places_of_errors, structlog.processors.JSONRenderer()])


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events are sentences in lower case and whose fields are ids, codes, counts and instants."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
