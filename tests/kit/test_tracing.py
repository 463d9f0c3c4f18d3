"""Spans are made only if a variable wants them, and only requests and events begin traces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from kit.tracing.sampler import OfRequests
from tests.kit.issuers import SEED

ROOT = Path(__file__).resolve().parents[2]
APPLICATIONS = {
    "step0_monolith.wsgi:app": {"wsgi", "pymongo"},
    "step1_rest.web:make_app()": {"wsgi", "urllib3"},
    "step1_rest.api.app:make_app()": {"wsgi", "pymongo"},
    "step2_services.web.app:make_app()": {"wsgi", "urllib3"},
    "step2_services.like.service:make_app()": {"wsgi", "urllib3", "pymongo"},
    "step2_services.sync.service:make_app()": {"wsgi", "urllib3", "pymongo"},
}
"""The instrumentations that each application needs where spans are sent."""

SETTINGS = {
    "MONGODB_URI": "mongodb://127.0.0.1:1/nowhere",
    "SECRET_KEY": "secret",
    "TOKEN_KEY": SEED,
    "SYNC_KEY": SEED,
}
LOADED = """
import os, sys
from gunicorn.util import import_app
app = import_app(sys.argv[1])
assert app.test_client().get("/health/live").status_code == 200
print("loaded:", *sorted(name for name in sys.modules if name.split(".")[0] == "opentelemetry"), flush=True)
os._exit(0)  # it has threads that wait for its database
"""
TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331


def loaded(application: str, **settings: str) -> list[str]:
    """Return OpenTelemetry's modules that a process of an application has after a request."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, application],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("loaded:")]
    assert lines, done.stderr
    return lines[0].split()[1:]


@pytest.mark.parametrize("application", APPLICATIONS)
def test_without_an_exporter_nothing_is_imported(application: str) -> None:
    assert loaded(application) == []


@pytest.mark.parametrize("application", APPLICATIONS)
def test_with_an_exporter_its_instrumentations_are_imported(application: str) -> None:
    found = loaded(application, OTEL_TRACES_EXPORTER="console")
    instrumentations = {"wsgi", "urllib3", "pymongo"}
    imported = {name for name in instrumentations if f"opentelemetry.instrumentation.{name}" in found}
    assert imported == APPLICATIONS[application]


def decision(
    kind: SpanKind, attributes: dict[str, str] | None = None, parent: Context | None = None
) -> Decision:
    sampler = OfRequests(ParentBased(ALWAYS_ON))
    return sampler.should_sample(parent, TRACE, "name", kind, attributes).decision


def within(flags: int) -> Context:
    """Return the context of a span that another process has sent, which it recorded or not."""
    context = SpanContext(TRACE, SPAN, is_remote=True, trace_flags=TraceFlags(flags))
    return trace.set_span_in_context(NonRecordingSpan(context))


class TestWhatBeginsATrace:
    @pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER])
    def test_requests_and_events_do(self, kind: SpanKind) -> None:
        assert decision(kind, {"http.target": "/search?q=python"}) == Decision.RECORD_AND_SAMPLE

    @pytest.mark.parametrize("kind", [SpanKind.CLIENT, SpanKind.INTERNAL])
    def test_what_a_process_does_by_itself_does_not(self, kind: SpanKind) -> None:
        assert decision(kind) == Decision.DROP

    @pytest.mark.parametrize("name", ["http.target", "url.path"])
    @pytest.mark.parametrize("path", ["/health/ready", "/metrics", "/.well-known/jwks.json"])
    def test_probes_do_not(self, name: str, path: str) -> None:
        assert decision(SpanKind.SERVER, {name: path}) == Decision.DROP

    @pytest.mark.parametrize("kind", [SpanKind.SERVER, SpanKind.CLIENT])
    def test_within_a_trace_the_caller_decides(self, kind: SpanKind) -> None:
        assert decision(kind, parent=within(1)) == Decision.RECORD_AND_SAMPLE
        assert decision(kind, parent=within(0)) == Decision.DROP
