"""Goldens: expected output beside its input; `--update` writes it anew. Profiles of hypothesis:
`--hypothesis-profile=deep`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# `ci` finds the same in every run; `deep` looks further, at other examples each time. Tests scale by
# `max_examples`.
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=100, suppress_health_check=_SLOW
)
settings.register_profile(
    "deep", deadline=None, max_examples=2000, suppress_health_check=_SLOW
)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="write golden files instead of comparing with them",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with the content of a file, or writes it there under `--update`."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), (
            f"{path} is missing: run pytest --update and read what it wrote"
        )
        assert text == path.read_text(encoding="utf-8")

    return check
