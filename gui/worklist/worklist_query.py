"""What is typed into the search of the worklist: words, ranges of figures, and names."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from core.review.reviews import STATUSES
from gui.worklist.worklist_rows import FIGURES, WorklistRow

TEXT_TERMS = ("status", "model", "reader", "note")

_NAMES = "|".join((*FIGURES, *TEXT_TERMS))
_TERM = re.compile(rf"(?<!\S)({_NAMES})\s*(<=|>=|[<>=:≤≥])\s*(\S*)", re.IGNORECASE)
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
    """What rows must pass: every test, and the words as they stand in what is said of a case."""

    words: str = ""
    tests: tuple[Test, ...] = ()

    def accepts(self, row: WorklistRow) -> bool:
        """Tell whether a row passes."""
        return self.words in _said(row) and all(test(row) for test in self.tests)


def read_query(text: str) -> Query:
    """Read what was typed: `dsc<0.8 hd95>10 rating:1-2 status:rejected model:unet`, and words.

    A range `:1-2` has its ends in it. A term that is not finished yet lets every case through.
    """
    tests: list[Test] = []
    for name, sign, value in _TERM.findall(text):
        test = _test(name.casefold(), sign, value)
        if test is not None:
            tests.append(test)
    words = " ".join(_TERM.sub(" ", text).split())
    return Query(words.casefold(), tuple(tests))


def with_term(text: str, name: str, value: str) -> str:
    """Return `text` with the terms of `name` replaced by one, at its end."""
    kept = _TERM.sub(lambda term: "" if term[1].casefold() == name else term[0], text)
    return " ".join((*kept.split(), f"{name}:{value}"))


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
