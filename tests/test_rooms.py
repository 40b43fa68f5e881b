"""The house stands: no circle of modules, few imports of each, no module outside a room."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("core", "gui", "training")
MOST_IMPORTS = 15
GATHERING = ("gui.app.", "core.api")  # the composition root, and the interface for others

Graph = dict[str, frozenset[str]]


Trees = dict[str, ast.Module]


@pytest.fixture(scope="module")
def trees() -> Trees:
    """Our modules as they are parsed, by name."""
    texts = sorted(path for top in PACKAGES for path in (ROOT / top).rglob("*.py"))
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in texts}


@pytest.fixture(scope="module")
def graph(trees: Trees) -> Graph:
    """Our modules, and which of ours each imports, within functions and for types too."""
    return {n: frozenset(imported(tree, trees.keys())) - {n} for n, tree in trees.items()}


def test_no_module_is_part_of_a_circle_of_imports(graph: Graph) -> None:
    assert circles(graph) == []


def test_a_circle_of_imports_would_be_found() -> None:
    imports = {"a": "b", "b": "cd", "c": "a", "d": "", "e": "a"}
    graph = {name: frozenset(there) for name, there in imports.items()}
    assert circles(graph) == [["a", "b", "c"]]


def test_a_module_imports_few_of_ours(graph: Graph) -> None:
    many = {
        name: len(there)
        for name, there in graph.items()
        if len(there) > MOST_IMPORTS and not name.startswith(GATHERING)
    }
    assert many == {}


@pytest.mark.parametrize("top", ["core", "gui"])
def test_no_module_lies_outside_a_room(top: str) -> None:
    assert [path.name for path in (ROOT / top).glob("*.py")] == ["__init__.py"]


def test_no_two_classes_or_types_share_a_name(trees: Trees) -> None:
    homes: dict[str, list[str]] = {}
    for module, tree in trees.items():
        for node in tree.body:
            name = node.name if isinstance(node, ast.ClassDef) else _alias(node)
            if name and not name.startswith("_"):
                homes.setdefault(name, []).append(module)
    assert {name: there for name, there in homes.items() if len(there) > 1} == {}


def _alias(node: ast.stmt) -> str:
    """Return the name that a statement gives to a type; an option of a command is none."""
    value = getattr(node, "value", None)
    if not isinstance(value, ast.Subscript) or ast.unparse(value.value) == "Annotated":
        return ""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    named = isinstance(target, ast.Name) and target.id[:1].isupper() and not target.id.isupper()
    return target.id if named else ""


def test_a_module_is_called_what_it_holds_and_not_what_it_does() -> None:
    nouns = {"blinded_reading", "mask_meaning", "model_listing", "preprocessing", "unblinding"}
    nouns |= {"training", "training_job", "training_presenter", "focus_ring"}
    verbs = [
        name_of(path)
        for top in PACKAGES
        for path in (ROOT / top).rglob("*.py")
        if path.stem not in nouns and any(word.endswith("ing") for word in path.stem.split("_"))
    ]
    assert verbs == []


SHOWN = {"panel", "dialog", "card", "pane", "rail", "drawer", "header", "footer", "bar"}
SHOWN |= {"delegate", "menu", "hud", "item"}


def test_the_contract_of_what_only_shows_names_all_that_does() -> None:
    """By the last word of a module's name; the contract itself is import-linter's to hold."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        each
        for each in told["tool"]["importlinter"]["contracts"]
        if each["name"].startswith("panels and dialogs")
    )
    shows = {
        name_of(path)
        for path in (ROOT / "gui").rglob("*.py")
        if path.stem.rpartition("_")[2] in SHOWN
    }
    assert shows - set(contract["source_modules"]) == set()


A_SENTENCE = re.compile(r"\w+[ ,:;]+\w+")


def test_no_sentence_of_ours_decides_anything(trees: Trees) -> None:
    """A state is carried by a code; what stands here are words of others, and such codes."""
    told = {name: constants(tree) for name, tree in trees.items()}
    deciding = {said for tree in trees.values() for said in looked_for(tree, told)}
    assert deciding - WORDS_OF_LIBRARIES - CODES == set()


def test_a_sentence_that_decides_would_be_found() -> None:
    source = ast.parse("from a.b import OFFER\nif OFFER in said: pass\nif said == 'x y': pass")
    assert list(looked_for(source, {"a.b": {"OFFER": "let it be"}})) == ["let it be", "x y"]


WORDS_OF_LIBRARIES = {"Size of the data", "multiple of element size", "PALETTE COLOR", "cuda:0"}
CODES = {"take component", "take truth component", "keep component", "relabel piece", "smart fill"}
CODES |= {"label map", "small ones", "echo time", "mm given", "left out", "ground truth"}
"""Kinds of edits and questions as journals keep them, traits of planes, a unit, a tag."""


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the texts that a module names."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def looked_for(tree: ast.Module, told: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield the texts of several words that something is compared with, or that are looked for."""
    known = constants(tree)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in told:
            known |= told[node.module]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        for side in (node.left, *node.comparators):
            said = known.get(side.id) if isinstance(side, ast.Name) else None
            said = side.value if isinstance(side, ast.Constant) else said
            if isinstance(said, str) and A_SENTENCE.search(said):
                yield said


WRITES = ("set_", "note_", "add_")
TIMER = re.compile(r"\b(QTimer|QBasicTimer|QChronoTimer|startTimer|singleShot)$")


def test_what_only_shows_does_not_write_the_session() -> None:
    shows = ("presenter", "panel", "dialog", "view", "drawer", "card", "rail", "header", "bar")
    writing = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / "gui").rglob("*.py")
        if path.stem.endswith(shows)
        for line in writes(path.read_text(encoding="utf-8"))
    ]
    assert writing == []


def test_writing_the_session_would_be_found() -> None:
    assert list(writes("self._session.set_view(view)")) == [1]
    assert list(writes("session.note_painted(box)")) == [1]
    assert list(writes("self._session.view.with_layer(key)")) == []


A_TIME = re.compile(r"[\d._]+|_[A-Z_]+")
MEASURING = {"bench", "film", "fuzz", "kill", "soak"}
"""What of the tests looks at the clock because that is what it is for."""


def test_no_test_names_how_long_something_takes() -> None:
    """Whoever waits waits for a condition, as long as `tests/patience.py` says."""
    naming = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / "tests").rglob("*.py")
        if path.parts[len(ROOT.parts) + 1] not in MEASURING and path.name != "patience.py"
        for line in times_named(path.read_text(encoding="utf-8"))
    }
    assert naming == set()


def test_a_time_that_is_named_would_be_found() -> None:
    for named in ("time.sleep(1)", "sleep(delay)", "QTest.qWait(20)", "qtbot.wait(100)"):
        assert list(times_named(named)) == [1]
    for named in ("subprocess.run(words, timeout=30)", "thread.join(5.0)", "gate.wait(_LONG)"):
        assert list(times_named(named)) == [1]
    for unnamed in ("gate.wait(patience.SECONDS)", "process.wait()", "", "', '.join(names)"):
        assert list(times_named(unnamed)) == []


A_WAIT = re.compile(r"sleep|qWait|timeout|wait|join")


def times_named(source: str) -> Iterator[int]:
    """Return the lines that sleep, or wait for a time of their own."""
    if not A_WAIT.search(source):  # as in most files, which need not be parsed
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        of, _, name = ast.unparse(node.func).rpartition(".")
        given = [ast.unparse(word.value) for word in node.keywords if word.arg == "timeout"]
        if of and name in ("wait", "join"):
            given += [said for said in map(ast.unparse, node.args) if A_TIME.fullmatch(said)]
        if name in ("sleep", "qWait") or any(not said.startswith("patience.") for said in given):
            yield node.lineno


OWN_TIME = {
    "gui.widgets.later": "what is put off, and what tests wait for",
    "gui.app.window_start": "lets Python hear signals",
    "gui.shell.job_watch": "looks at jobs again and again",
    "gui.shell.messages": "how long a toast stays",
    "gui.training.train_request": "looks at a preview again and again",
    "gui.viewer.slice.cine": "slice after slice",
}


def test_whatever_the_window_puts_off_goes_by_the_one_class_that_tests_wait_for() -> None:
    keeping = {
        f"{name_of(path)}:{line}"
        for path in (ROOT / "gui").rglob("*.py")
        if name_of(path) not in OWN_TIME
        for line in timers(path.read_text(encoding="utf-8"))
    }
    assert keeping == set()


def test_a_timer_would_be_found() -> None:
    for made in ("QTimer(self, singleShot=True)", "QtCore.QTimer()", "timer = QTimer(self)"):
        assert list(timers(made)) == [1]
    assert list(timers("QTimer.singleShot(200, self, self.show)")) == [1]
    assert list(timers("self.startTimer(200)")) == [1]
    assert list(timers("class Soon(QTimer):\n    pass")) == [1]
    assert list(timers("QTimer.singleShot(0, self, self.show)")) == []


A_TIMER = re.compile(r"Timer|singleShot")


def timers(source: str) -> Iterator[int]:
    """Return the lines that make a timer; what is only left to the next event is none."""
    if not A_TIMER.search(source):  # as in most files, which need not be parsed
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            named = [ast.unparse(base) for base in node.bases]
        elif isinstance(node, ast.Call):
            named = [ast.unparse(node.func)]
            if named[0].endswith("singleShot") and ast.unparse(node.args[0]) == "0":
                continue
        else:
            continue
        if any(TIMER.search(name) for name in named):
            yield node.lineno


def writes(source: str) -> Iterator[int]:
    """Return the lines that change what a session holds."""
    for node in ast.walk(ast.parse(source)):
        written = isinstance(node, ast.Attribute) and node.attr.startswith(WRITES)
        if written and ast.unparse(node.value).endswith("session"):
            yield node.lineno


def name_of(path: Path) -> str:
    """Return the dotted name of a module of ours."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.Module, names: Iterable[str]) -> Iterator[str]:
    """Return which of `names` a module imports."""
    ours = set(names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in ours)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                part = f"{node.module}.{alias.name}"
                yield from {part if part in ours else node.module} & ours


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or by way of others."""
    reach = {name: reached(graph, name) for name in graph}
    groups = {
        tuple(sorted({name} | {to for to in there if name in reach[to]}))
        for name, there in reach.items()
        if name in there
    }
    return sorted(map(list, groups))


def reached(graph: Graph, start: str) -> set[str]:
    """Return what is imported from `start`, directly or by way of others."""
    found: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += graph[name]
    return found
