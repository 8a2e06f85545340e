"""The pytest fixtures of callcta."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callcta.testing import Emulator


@pytest.fixture
def callcta_emulator() -> Iterator[Emulator]:
    """A local Graph API, fresh for each test."""
    from callcta.testing import Emulator

    with Emulator() as emulator:
        yield emulator
