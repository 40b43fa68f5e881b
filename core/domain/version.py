"""Which version of Overread this is."""

from functools import cache


@cache
def version() -> str:
    """Return the version that is installed; 0 in a checkout that was never installed."""
    from importlib.metadata import PackageNotFoundError  # reads many files
    from importlib.metadata import version as installed

    try:
        return installed("overread")
    except PackageNotFoundError:
        return "0"
