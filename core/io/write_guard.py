"""Nothing is ever written into a dataset."""

from pathlib import Path

from core.domain.errors import DataError


def refuse_inside(folder: Path, out: Path) -> None:
    """Raise `DataError` when `out` lies in the dataset, which is never written to."""
    root, target = folder.resolve(), out.resolve()
    if target == root or root in target.parents:
        raise DataError(
            f"{out}: expected a folder outside the dataset {folder}, found one inside it. "
            "The originals are never written to: choose another folder."
        )
