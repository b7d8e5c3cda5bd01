"""How the suite runs: how hard properties are tried, and what a missing part means."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# A machine that is busy is no failure, so there is no deadline. A property that fails prints the seed and the blob
# that repeat it. `--hypothesis-profile=long` tries harder.
settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile("long", settings.get_profile("default"), max_examples=5000)
settings.load_profile("default")

# `SEKISHO_REQUIRE=all`: everything that a test needs must be there, so a skip is a failure.
REQUIRE_ALL = os.environ.get("SEKISHO_REQUIRE") == "all"


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where everything is required; an expected failure stays one."""
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"SEKISHO_REQUIRE=all, but this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report
