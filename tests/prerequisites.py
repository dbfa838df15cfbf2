"""Says in the last lines of a test run what could not be tested here, and why.

``LINEAGE_REQUIRE=browser,embedded,neo4j`` makes the run fail where tests of one of these were
skipped: a machine that is set up for them must run them.
"""

from __future__ import annotations

import os

import pytest

KINDS = ("browser", "embedded", "neo4j")
"""Markers of tests that need more than Python."""

_skipped: dict[str, dict[str, int]] = {}
"""Kind -> reason -> number of tests."""


def required() -> set[str]:
    """The kinds that may not be skipped."""
    return {kind.strip() for kind in os.environ.get("LINEAGE_REQUIRE", "").split(",")} - {""}


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a requirement that is none."""
    unknown = required() - set(KINDS)
    if unknown:
        raise pytest.UsageError(f"LINEAGE_REQUIRE: {unknown} are not among {', '.join(KINDS)}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Counts the tests of each kind that were skipped."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for kind in KINDS:
            if kind in report.keywords:
                reasons = _skipped.setdefault(kind, {})
                reasons[reason] = reasons.get(reason, 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the run where a required kind was skipped."""
    if required() & set(_skipped) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names what was not tested."""
    for kind, reasons in sorted(_skipped.items()):
        for reason, count in sorted(reasons.items()):
            must = " (required by LINEAGE_REQUIRE: this run fails)" if kind in required() else ""
            text = reason.removeprefix("Skipped: ")
            terminalreporter.write_line(
                f"NOT TESTED {kind}: {count} tests skipped{must}: {text}", yellow=True
            )
