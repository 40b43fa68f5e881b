"""Recipes by what their folds say: a row each, paired with that of the first over its cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import msgspec

from core.domain.errors import DataError, reason
from core.domain.statistics import PairedComparison, compare_pairs, describe
from core.io.atomic import write_bytes
from core.io.json_file import decode_json
from core.jobs.job_folder import JOB_FILE
from core.models.fold_file import FoldFile
from core.models.train_spec import Changes
from core.studies.fold_figures import fold_rows
from training.folds.fold_study import FOLDS_FOLDER

HEADING = "## Ranked by `rank`"
_POOR = 0.8
_COLUMNS = ("recipe", "folds", "cases", "steps", "mean", "median", "SD", "under 0.8")
_LAST = ("a fold's mean", "paired with", "difference (95 %)")


@dataclass(frozen=True)
class RankedFolds:
    """What folds of a recipe say: `dsc` by case, the mean of each of the `done` folds of all."""

    name: str
    dsc: Mapping[str, float]
    means: tuple[float, ...]
    folds: int
    steps: str = ""


def read_ranked(out: Path, *, name: str, folds: int, steps: str = "") -> RankedFolds:
    """Return what the folds in a folder say so far; raises `DataError` as `fold_rows`."""
    by_case, by_fold = defaultdict(list), defaultdict(list)
    for case, place, value in fold_rows(out):
        by_case[case].append(value)
        by_fold[place].append(value)
    means = tuple(fmean(by_fold[key]) for key in sorted(by_fold))
    return RankedFolds(name, {c: fmean(v) for c, v in by_case.items()}, means, folds, steps)


def budget(out: Path, file: FoldFile) -> str:
    """Return the budget of the first fold in words, and the model it went on from.

    Empty where its settings cannot be read.
    """
    try:
        content = (out / FOLDS_FOLDER / next(iter(file.folds)) / JOB_FILE).read_bytes()
        spec = decode_json(content, Changes)
    except (OSError, msgspec.DecodeError):
        return ""
    size, parent = spec.get("batch_size", ""), spec.get("parent")
    start = f", from `{Path(str(parent)).name}`" if parent else ""
    for name, unit in (("max_steps", ""), ("epochs", " epochs"), ("minutes", " minutes")):
        if value := spec.get(name):
            length = f"{value:,}{unit} × {size}" if isinstance(value, int) else f"{value:g}{unit}"
            return f"{length}{start}"
    return ""


def compared(recipe: RankedFolds, first: RankedFolds) -> PairedComparison:
    """Return a recipe less the first one, over the cases that both judged."""
    return compare_pairs({"recipe": recipe.dsc, "first": first.dsc})[0]


def loses(recipe: RankedFolds, first: RankedFolds) -> bool:
    """Tell whether the whole interval of the difference lies below zero."""
    high = compared(recipe, first).high
    return high is not None and high < 0


def ranked_row(recipe: RankedFolds, first: RankedFolds | None) -> str:
    """Return a row of the table, in Markdown."""
    dsc = describe(list(recipe.dsc.values()))
    spread = "–" if dsc.standard_deviation is None else f"{dsc.standard_deviation:.3f}"
    poor = sum(value < _POOR for value in recipe.dsc.values())
    cells = [
        f"`{recipe.name}`",
        f"{len(recipe.means)} of {recipe.folds}",
        f"{len(recipe.dsc)}",
        recipe.steps or "–",
        f"{dsc.mean:.4f}",
        f"{dsc.median:.4f}",
        spread,
        f"{poor}",
        ", ".join(f"{mean:.3f}" for mean in recipe.means),
        *_against(recipe, first),
    ]
    return f"| {' | '.join(cells)} |"


def _against(recipe: RankedFolds, first: RankedFolds | None) -> tuple[str, str]:
    if first is None:
        return "–", "–"
    pair = compared(recipe, first)
    if pair.mean_difference is None:
        return f"`{first.name}`", "–"
    said = f"{pair.mean_difference:+.4f}"
    if pair.low is not None and pair.high is not None:
        said += f" ({pair.low:+.4f} to {pair.high:+.4f})"
    return f"`{first.name}`, {pair.n} cases", said


def table(rows: Sequence[str]) -> str:
    """Return rows with their head."""
    columns = (*_COLUMNS, *_LAST)
    return "\n".join([f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *rows])


def append_row(path: Path, row: str) -> None:
    """Add a row to the table at the end of a page, which is begun where it has none.

    A row that is there already is not added again. Raises `DataError` for a page that cannot be
    read, `WorkspaceError` for one that cannot be written.
    """
    text = _page(path)
    before, heading, own = text.partition(HEADING)
    if row in own.splitlines():
        return
    if not heading:
        begun = f"{text.rstrip()}\n\n" if text.strip() else ""
        write_bytes(path, f"{begun}{HEADING}\n\n{_RULE}\n\n{table([row])}\n".encode())
        return
    write_bytes(path, f"{before}{heading}{own.rstrip()}\n{row}\n".encode())


def require_page(path: Path) -> None:
    """Raise as `append_row`, before hours of training, and change nothing."""
    _page(path)
    tried = path.with_name(f"{path.name}.tried")
    write_bytes(tried, b"")
    tried.unlink()


def _page(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except OSError as error:
        raise DataError(
            f"{path}: expected a page of results, found: {reason(error)}. Name another."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected a page of results in UTF-8, found: {error}. Name another."
        ) from error


_RULE = """DSC of a volume, native, by a model that had not learnt from it, with the model's own
postprocessing. The interval of a paired difference is that of `core/domain/statistics.py`
(Hartigan 1969); it leaves out what another seed would change."""
