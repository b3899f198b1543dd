"""What operators see of a process, as far as the settings ask for it. Nothing of it is imported otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orrery import __version__
from orrery.apps.runs.observing import RunObserver, counting, tracing
from orrery.http.app import OrreryApp
from orrery.http.observing import AccessLog, ObservedApp
from orrery.settings.errors import Problem, SettingsError
from orrery.settings.load import Settings
from orrery.telemetry.observation import RequestObserver
from orrery.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from orrery.telemetry.metrics import Metrics
    from orrery.telemetry.otel import OpenTelemetry


class Observation:
    """Access log, metrics, traces and error reports of one process. Made first, closed last.

    Raises `SettingsError` when something is asked for whose packages are not installed.
    """

    def __init__(self, settings: Settings) -> None:
        wanted = settings.observability
        self.metrics: Metrics | None = None
        self._tracer: OpenTelemetry | None = None
        self._ends: list[Callable[[], None]] = []
        self._access_log = settings.logs.requests
        asking = ""
        try:
            if wanted.metrics:
                asking = "ORRERY_METRICS"
                from orrery.telemetry.metrics import Metrics

                self.metrics = Metrics()
            if wanted.tracing:
                asking = "ENABLE_OTEL"
                self._tracer = _open_telemetry(settings)
                self._ends.append(self._tracer.close)
            if wanted.sentry_dsn:
                asking = "SENTRY_DSN"
                self._ends.append(_sentry(settings))
        except ImportError as error:
            mend = "Install it with: pip install 'orrery[observability]'"
            raise SettingsError([Problem(asking, f"needs a package that is missing ({error.name}).", mend)]) from error

    @property
    def runs(self) -> Sequence[RunObserver]:
        """For the service that runs apps."""
        found: list[RunObserver] = []
        if self.metrics is not None:
            found.append(counting(self.metrics))
        if self._tracer is not None:
            found.append(tracing(self._tracer))
        return found

    def around(self, app: OrreryApp) -> ASGIApp:
        """The application, observed if anybody wants to know."""
        observers: list[RequestObserver] = [
            *([AccessLog()] if self._access_log else []),
            *([self.metrics] if self.metrics is not None else []),
            *([self._tracer] if self._tracer is not None else []),
        ]
        return ObservedApp(app, observers, self._tracer) if observers else app

    def serve_metrics(self, port: int) -> None:
        """Offers the metrics of a role without HTTP on a port of their own; 0 offers none. Raises OSError."""
        if self.metrics is not None and port:
            self._ends.append(self.metrics.serve(port))

    def close(self) -> None:
        """Sends what still waits. Blocks while it does."""
        while self._ends:
            self._ends.pop()()


def _version(settings: Settings) -> str:
    commit = settings.server.commit
    return f"orrery-{__version__}-{commit}" if commit else f"orrery-{__version__}"


def _open_telemetry(settings: Settings) -> OpenTelemetry:
    from orrery.telemetry.otel import OpenTelemetry, ServiceName

    server = settings.server
    name = ServiceName(server.application_name, _version(settings), f"{server.deploy_env}-{server.edition}")
    return OpenTelemetry(settings.observability, name, os.getpid())


def _sentry(settings: Settings) -> Callable[[], None]:
    from orrery.telemetry.sentry import start_sentry

    return start_sentry(
        settings.observability,
        release=_version(settings),
        environment=settings.server.deploy_env,
        redact=Redactor(settings.secrets()).clean,
    )
