"""What another package adds and cannot be used is named in the window, which opens all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.domain import plugins
from core.io.layouts.registry import layouts
from core.io.readers import readers
from tests.gui.conftest import Start
from tests.gui.tiny import settle, shown_case, toasts


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package whose engine is none."""
    info = tmp_path / "packages" / "broken_example-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[overread.engines]\nno-engine = json:loads\n")
    monkeypatch.syspath_prepend(info.parent)
    kept = (plugins._plugins, layouts, readers)
    for each in kept:
        each.cache_clear()
    yield
    for each in kept:
        each.cache_clear()


@pytest.mark.usefixtures("broken")
def test_a_broken_package_is_named_in_the_window(start: Start, dataset: Path, qtbot: QtBot) -> None:
    program = start(dataset)
    settle(qtbot, program)
    assert shown_case(program)
    said = [toast for toast in toasts(program) if "broken-example" in toast]
    assert len(said) == 1
    assert said[0].startswith("Left out. no-engine of the package broken-example: expected")
