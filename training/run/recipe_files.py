"""The recipes in `training/recipes`: settings of trainings, each a file as `--config` takes it."""

from pathlib import Path

from core.domain.errors import DataError

FOLDER = Path(__file__).resolve().parents[1] / "recipes"
_SUFFIX = ".json"


def recipe_names() -> list[str]:
    """Return the names of the recipes, those of a series as `series/name`."""
    found = sorted(FOLDER.rglob(f"*{_SUFFIX}"))
    return [path.relative_to(FOLDER).with_suffix("").as_posix() for path in found]


def recipe_file(name: str) -> Path:
    """Return the file of a recipe; raises `DataError` for none of that name."""
    if name not in recipe_names():
        raise DataError(
            f"--recipe: expected one of {', '.join(recipe_names())}, found {name!r}. Choose one, "
            "or give a file of your own with --config."
        )
    return FOLDER / f"{name}{_SUFFIX}"


def expanded(name: str) -> list[str]:
    """Return a recipe, or those of a series by its folder's name; raises `DataError` for neither.

    The shortest name of a series, which others add to, comes first: they are compared with it.
    """
    series = [each for each in recipe_names() if each.startswith(f"{name}/")]
    if series:
        return sorted(series, key=len)
    recipe_file(name)
    return [name]
