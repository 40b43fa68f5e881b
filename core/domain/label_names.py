"""Names of labels as files tell them: each its own, none empty."""

from collections.abc import Iterable
from dataclasses import replace

from core.domain.label_set import Label
from core.domain.plain_text import shortened


def told_apart(labels: Iterable[Label], where: str) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """Return labels with a name of their own each, and what is told of those that had none.

    The first of a name keeps it, the next is "Core (2)"; a label without a name is "Label 4".
    `where` is the file or folder that named them.
    """
    every = tuple(labels)
    names = [label.name.strip() or f"Label {label.value}" for label in every]
    taken, seen = set(names), set[str]()
    found: list[Label] = []
    twice: list[str] = []
    for label, name in zip(every, names, strict=True):
        own, count = name, 1
        while own in seen or (count > 1 and own in taken):
            count += 1
            own = f"{name} ({count})"
        seen.add(own)
        if own != name:
            twice.append(f"{label.value} is called {shortened(own)}")
        found.append(label if own == label.name else replace(label, name=own))
    nameless = [f"{label.value}" for label in every if not label.name.strip()]
    said: list[str] = []
    if twice:
        said.append(
            f"{where}: expected a name of its own for each label, found one used again. "
            f"{listed(twice)}; give it another name in the panel of labels."
        )
    if nameless:
        said.append(
            f"{where}: expected a name for each label, found none for {listed(nameless)}. It is "
            "called by its value; give it a name in the panel of labels."
        )
    return tuple(found), tuple(said)


def listed(words: Iterable[str], most: int = 5) -> str:
    """Return words with commas, the first of many and how many more there are."""
    every = [shortened(word) for word in words]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return f"{', '.join(every[:most])}{more}"
