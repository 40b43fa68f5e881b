"""Where exports may go: never into a dataset."""

from pathlib import Path

from core.domain.errors import DataError


def refuse_inside(root: Path, out: Path) -> None:
    """Raise `DataError` when `out` lies in the dataset, which is never written to."""
    here, target = root.resolve(), out.resolve()
    if target == here or here in target.parents:
        raise DataError(
            f"{out}: expected a folder outside the dataset {root.name}, found one inside it. "
            "The originals are never written to: choose another folder."
        )
