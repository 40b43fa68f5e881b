"""The pages for people agree with the program: keys, commands, dependencies, links, figures."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument, QTextTable
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import main
from core.models.networks.catalog import ARCHITECTURES
from core.models.registry import ModelSpec
from gui.shell.commands import COMMANDS, GESTURES, keys_of
from gui.shell.help import Page, show_guide

ROOT = Path(__file__).resolve().parents[1]
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
GUIDE = ROOT / "resources" / "help" / "guide.md"
PYTHON = ROOT / "resources" / "help" / "python.md"
CHANGELOG = ROOT / "CHANGELOG.md"
MODELS = sorted(path.parent for path in ROOT.glob("resources/models/*/model.json"))
CARDS = sorted(ROOT.glob("resources/models/*/MODEL_CARD.md"))
PAGES = [README, CONTRIBUTING, CHANGELOG, GUIDE, PYTHON, *CARDS]

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CALL = re.compile(r"(?:python main\.py|^overread)((?: [^\n`#]+)?)", re.MULTILINE)
_OWN_FOLDER = re.compile(r"(?<![\w.~:/])/(?:home|Users|root|tmp|work|mnt|opt|var)/|\b[A-Z]:\\")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every row of every table."""
    lines = [line.strip() for line in _FENCE.sub("", text).splitlines()]
    tables = [line for line in lines if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in tables]


def section(text: str, title: str) -> str:
    """Return what stands between a heading of the second level and the next one."""
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section “{title}”"
    return found[1]


def key_row(text: str, keys: str) -> str:
    shown = " ".join(f"`{key.replace('PgDown', 'PgDn')}`" for key in keys.split("  "))
    return f"| {text} | {shown} |"


def calls(page: Path) -> list[list[str]]:
    """Return the words after the program's name, wherever the page shows a call of it."""
    return [shlex.split(words) for words in _CALL.findall(page.read_text("utf-8"))]


def command_lines(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of the program with the words that lead to it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from command_lines(command, (*path, name))
        else:
            yield (*path, name), command


COMMAND_LINES = dict(command_lines(typer.main.get_command(main.app)))


def command_of(words: list[str]) -> tuple[str, ...]:
    """Return the command a call starts; an assertion fails when there is none."""
    for length in (1, 2):
        if tuple(words[:length]) in COMMAND_LINES:
            return tuple(words[:length])
    raise AssertionError(f"no such command: {' '.join(words)}")


def test_the_guide_has_every_key_of_the_table_and_no_other() -> None:
    wanted = {key_row(text, keys) for _, text, keys in GESTURES}
    bound = ((command.text, keys_of(command.id)) for command in COMMANDS)
    wanted |= {key_row(text, "  ".join(keys)) for text, keys in bound if keys}
    lines = section(GUIDE.read_text("utf-8"), "Keys and mouse").splitlines()
    there = {x for x in lines if x.startswith("|") and not x.startswith(("|---", "| Command "))}
    assert sorted(wanted - there) == [], "add these rows to the guide"
    assert sorted(there - wanted) == [], "take these rows out of the guide"


@pytest.mark.parametrize("page", [README, CONTRIBUTING, GUIDE], ids=named)
def test_calls_of_the_program_are_commands_and_options_it_has(page: Path) -> None:
    for words in filter(None, calls(page)):
        command = COMMAND_LINES[command_of(words)]
        known = {option for parameter in command.params for option in parameter.opts}
        unknown = {word for word in words if word.startswith("--")} - known - {"--help"}
        assert not unknown, f"{' '.join(words)}: {', '.join(sorted(unknown))}"


def test_the_readme_shows_every_command() -> None:
    shown = {command_of(words) for words in calls(README) if words}
    assert sorted(COMMAND_LINES.keys() - shown) == []


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=named)
def test_make_has_every_target_that_is_named(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    calls_of_make = re.findall(r"(?:^|`)make ((?:[A-Z]+=\S+ )?\w+)", page.read_text("utf-8"), re.M)
    named_targets = {words.split()[-1] for words in calls_of_make}
    assert named_targets
    assert named_targets <= targets


def test_contributing_tells_the_gates_in_their_order() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    # With the two that it does beside each other.
    recipe = makefile.partition("\ntest:")[2].partition("\nbench:")[0]
    told = re.findall(
        r"^\d\. `([\w ./-]+)`", section(CONTRIBUTING.read_text("utf-8"), "Gates"), re.M
    )
    places = [recipe.find(gate) for gate in told]
    assert len(told) == recipe.count("$(BIN)/")
    assert -1 not in places
    assert places == sorted(places)


def test_contributing_gives_a_reason_for_every_dependency_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = {re.split(r"[\s<>=!~;\[]", line)[0] for line in (*project["dependencies"], *extras)}
    table = rows_of(section(CONTRIBUTING.read_text("utf-8"), "Dependencies"))
    reasons = {row[0]: row[1] for row in table if row[0] != "Package"}
    assert sorted(wanted - reasons.keys()) == [], "say why these are needed"
    assert sorted(reasons.keys() - wanted) == [], "these are no dependencies"
    assert all(len(reason) > 8 for reason in reasons.values())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_and_pictures_are_there(page: Path) -> None:
    links = _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))
    local = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [link for link in local if link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_folder_of_somebodys_machine(page: Path) -> None:
    assert _OWN_FOLDER.findall(page.read_text("utf-8")) == []


def test_no_section_of_the_guide_says_the_same_thing_twice() -> None:
    """Two bullets that begin with the same words tell of one thing, and sooner or later differ."""
    for part in re.split(r"^#+ ", GUIDE.read_text("utf-8"), flags=re.MULTILINE):
        begun = re.findall(r"^- \*\*(.+?)\*\*", part, flags=re.MULTILINE)
        assert sorted(begun) == sorted(set(begun)), part.partition("\n")[0]


@pytest.mark.parametrize("page", [README, CHANGELOG, GUIDE, PYTHON, *CARDS], ids=named)
def test_every_page_for_readers_says_not_for_clinical_use(page: Path) -> None:
    assert "not for clinical use" in " ".join(page.read_text("utf-8").lower().split())


def test_the_readme_lists_every_architecture() -> None:
    table = rows_of(section(README.read_text("utf-8"), "Models"))
    assert {row[0].strip("`") for row in table} - {"Architecture"} == set(ARCHITECTURES)


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_model_card_tells_the_figures_of_its_model(folder: Path) -> None:
    spec = msgspec.json.decode((folder / "model.json").read_bytes(), type=ModelSpec)
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert spec.metrics
    told = {row[-1].strip("`"): row[1] for row in rows_of(section(card, "Figures"))}
    assert {name: told.get(name) for name in spec.metrics} == {
        name: f"{value:.3f}" for name, value in spec.metrics.items()
    }
    assert f"`{spec.id}`" in card
    assert f"{spec.parameters:,}" in card
    assert "non-commercial" in card


def test_the_guide_is_markdown_that_the_window_can_show(qapp: object) -> None:
    document = QTextDocument()
    document.setMarkdown(GUIDE.read_text("utf-8"))
    tables = [f for f in document.rootFrame().childFrames() if isinstance(f, QTextTable)]
    text = document.toPlainText()
    assert len(tables) == len(re.findall(r"^\|---", GUIDE.read_text("utf-8"), re.MULTILINE))
    assert not re.search(r"^\s*(\||#)", text, re.MULTILINE)
    assert "**" not in text
    assert text.count("`") == 0


def test_every_line_of_the_guide_has_its_place(qtbot: QtBot, qapp: QApplication) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    show_guide(window)
    page = window.findChildren(Page)[0]
    for width in (760, 1100):
        page.resize(width, 640)
        qapp.processEvents()
        assert lost_lines(page.browser.document()) == []


def test_the_guide_is_searched(qtbot: QtBot, qapp: QApplication) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    show_guide(window)
    page = window.findChildren(Page)[0]
    count = page.browser.toPlainText().lower().count("worst")
    assert count > 1
    page.search.field.setText("worst")
    assert page.search.found == f"1 of {count}"
    assert len(page.browser.extraSelections()) == count
    qtbot.keyClick(page.search.field, Qt.Key.Key_Return)
    assert page.search.found == f"2 of {count}"
    qtbot.keyClick(page.search.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    page.search.step(-1)
    assert page.search.found == f"{count} of {count}"
    page.search.field.setText("no such words at all")
    assert page.search.found == "not found"
    page.search.field.clear()
    assert page.search.found == ""


def lost_lines(document: QTextDocument) -> list[str]:
    """Return the lines that the layout gives no height: they are not drawn."""
    layout = document.documentLayout()
    blocks, block = [], document.begin()
    while block.isValid():
        blocks.append(block)
        block = block.next()
    assert len(blocks) > 20
    return [b.text() for b in blocks if b.text() and layout.blockBoundingRect(b).height() < 1]
