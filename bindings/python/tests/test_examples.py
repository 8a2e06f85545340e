"""The README's code and the examples run, against the emulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from callcta.campaign import Campaign
from callcta.testing import Emulator

HERE = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)
EXAMPLES = sorted((HERE / "examples").glob("*.py"))


def settings(emulator: Emulator) -> dict[str, str]:
    return {
        "CALLCTA_BASE_URL": emulator.url,
        "CALLCTA_PAGE_ID": emulator.page_id,
        "CALLCTA_ACCESS_TOKEN": emulator.access_token,
        "CALLCTA_PSID": emulator.psids[0],
    }


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_readme_s_code_runs(
    block: str,
    callcta_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings(callcta_emulator).items():
        monkeypatch.setenv(name, value)
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    tests = [test for name, test in names.items() if name.startswith("test_")]
    for test in tests:
        callcta_emulator.reset()
        test(callcta_emulator)
    assert tests or capsys.readouterr().out


def test_the_readme_has_all_its_code() -> None:
    assert len(BLOCKS) == 12


def test_the_session_fixture_of_the_readme(tmp_path: Path) -> None:
    [block] = [block for block in BLOCKS if 'scope="session"' in block]
    (tmp_path / "test_session.py").write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_session.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["tqdm_bar", "rich_bar"])
def test_bars_of_campaigns(name: str, tmp_path: Path, callcta_emulator: Emulator) -> None:
    campaign = Campaign(tmp_path / "journal")
    people = [{"psid": callcta_emulator.psids[0], "page": callcta_emulator.page_id}]
    campaign.plan(people, '{"text": "We are open."}')
    done = subprocess.run(
        [sys.executable, HERE / f"examples/campaigns/{name}.py", campaign.journal],
        env={**os.environ, **settings(callcta_emulator)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("finished\n")
    assert "100%" in done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_run(example: Path, callcta_emulator: Emulator) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", example],
        env={**os.environ, **settings(callcta_emulator)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert callcta_emulator.posts
