"""What is typed into the search of the worklist: words, ranges of figures, and names."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from core.review.reviews import STATUSES
from gui.worklist.worklist_rows import FIGURES, WorklistRow

TEXT_TERMS = ("status", "model", "reader", "note")

_NAMES = "|".join((*FIGURES, *TEXT_TERMS))
_TERM = re.compile(rf"(?<!\S)({_NAMES})\s*(<=|>=|[<>=:≤≥])\s*(\S*)", re.IGNORECASE)
_LIKE_A_TERM = re.compile(r"(?<!\S)([^\W\d]\w*)\s*(<=|>=|[<>=:≤≥])\s*(\S*)")
_UNFINISHED = re.compile(r"(\d*(?:\.\d*)?(?:-|–|\.\.?)?)?")
_OTHER_WORDS = {"dice": "dsc", "hausdorff": "hd95", "lesion_f1": "f1", "user": "reader"}
_RANGE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:-|–|\.\.)(\d+(?:\.\d*)?|\.\d+)")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    ">": lambda value, limit: value > limit,
    "<=": lambda value, limit: value <= limit,
    ">=": lambda value, limit: value >= limit,
    "≤": lambda value, limit: value <= limit,
    "≥": lambda value, limit: value >= limit,
    "=": lambda value, limit: value == limit,
    ":": lambda value, limit: value == limit,
}

Test = Callable[[WorklistRow], bool]


@dataclass(frozen=True)
class Query:
    """What rows must pass: every test, and the words as they stand in what is said of a case.

    `problems` say what cannot be understood. `doubtful` are words that look like a term of a name
    there is not: they are words where a case has them, and not understood where none has.
    """

    words: str = ""
    tests: tuple[Test, ...] = ()
    problems: tuple[str, ...] = ()
    doubtful: tuple[tuple[str, str], ...] = ()

    def problem(self, rows: Iterable[WorklistRow]) -> str:
        """Return what of the search is not understood; empty when all is."""
        if self.problems:
            return self.problems[0]
        for word, said in self.doubtful:
            if not any(word in _said(row) for row in rows):
                return said
        return ""

    def accepts(self, row: WorklistRow) -> bool:
        """Tell whether a row passes; none does while something is not understood."""
        if self.problems:
            return False
        return self.words in _said(row) and all(test(row) for test in self.tests)


def read_query(text: str) -> Query:
    """Read what was typed: `dsc<0.8 hd95>10 rating:1-2 status:rejected model:unet`, and words.

    A range `:1-2` has its ends in it. A term that is not finished yet lets every case through; one
    that cannot be finished is told in `problems`.
    """
    tests: list[Test] = []
    problems: list[str] = []
    for term in _TERM.finditer(text):
        name, sign, value = term[1].casefold(), term[2], term[3]
        test = _test(name, sign, value)
        if test is not None:
            tests.append(test)
        elif not _may_go_on(name, sign, value):
            problems.append(f"“{term[0].strip()}” was not understood. {_how(name)}")
    rest = _TERM.sub(" ", text)
    doubtful: list[tuple[str, str]] = []
    for term in _LIKE_A_TERM.finditer(rest):
        said = f"“{term[0].strip()}” was not understood. {_meant(term[1].casefold())}"
        if term[2] in ":=":
            doubtful.append((" ".join(term[0].split()).casefold(), said))
        else:
            problems.append(said)
    words = " ".join(rest.split())
    return Query(words.casefold(), tuple(tests), tuple(problems), tuple(doubtful))


def with_term(text: str, name: str, value: str) -> str:
    """Return `text` with the terms of `name` replaced by one, at its end."""
    kept = _TERM.sub(lambda term: "" if term[1].casefold() == name else term[0], text)
    return " ".join((*kept.split(), f"{name}:{value}"))


def _may_go_on(name: str, sign: str, value: str) -> bool:
    """Return whether a term may only not be typed to its end yet."""
    if name in TEXT_TERMS:
        return not value and sign in ":="
    return _UNFINISHED.fullmatch(value.replace(",", ".")) is not None


def _how(name: str) -> str:
    """Say how a term of this name is typed."""
    if name in TEXT_TERMS:
        return f"It is typed as {name}:word."
    example = FIGURES[name].example
    return f"A number belongs there: {name}<{example.split('-')[-1]} or {name}:{example}."


def _meant(name: str) -> str:
    """Say which names there are, the likeliest first."""
    names = [*FIGURES, *TEXT_TERMS]
    near = [_OTHER_WORDS[name]] if name in _OTHER_WORDS else get_close_matches(name, names, 1)
    guess = f"Did you mean {near[0]}? " if near else ""
    figures, texts = ", ".join(FIGURES), ", ".join(f"{each}:" for each in TEXT_TERMS)
    return f"{guess}Figures take <, > or : with a number ({figures}); words take : ({texts})."


def _test(name: str, sign: str, value: str) -> Test | None:
    if name in TEXT_TERMS:
        return _named(name, value.casefold()) if value and sign in ":=" else None
    figure = FIGURES[name].value
    value = value.replace(",", ".")
    both = _RANGE.fullmatch(value)
    if both:
        low, high = sorted((float(both[1]), float(both[2])))
        return _measured(figure, lambda found: low <= found <= high)
    try:
        limit = float(value)
    except ValueError:
        return None
    compare = _SIGNS[sign]
    return _measured(figure, lambda found: compare(found, limit))


def _measured(figure: Callable[[WorklistRow], float | None], test: Callable[[float], bool]) -> Test:
    """Return a test of a figure; a case that does not have it never passes."""

    def passes(row: WorklistRow) -> bool:
        found = figure(row)
        return found is not None and test(found)

    return passes


def _named(name: str, value: str) -> Test:
    def passes(row: WorklistRow) -> bool:
        review = row.review
        if name == "model":
            return any(value in model.casefold() for model in row.models)
        if name == "status":
            return (STATUSES[0] if review is None else review.status).startswith(value)
        said = "" if review is None else review.reader if name == "reader" else review.note
        return value in said.casefold()

    return passes


def _said(row: WorklistRow) -> str:
    note = "" if row.review is None else row.review.note
    return f"{row.case_id}\n{row.caption}\n{note}".casefold()
