"""Libraries: the versions of those installed, and a sentence for one that is not."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType

from core.domain.errors import AppError

NEEDED_FOR: Mapping[str, str] = MappingProxyType(
    {
        "torch": "trains networks, reads their state dicts, and runs a model that no other engine "
        "is certified for",
        "torchvision": "has the encoders of some networks",
        "timm": "has the encoders of some networks",
        "segmentation_models_pytorch": "has the decoders of some networks",
        "tensorboard": "keeps the curves of trainings for other tools",
        "medpy": "computes every figure again for --verify",
        "SimpleITK": "writes MetaImage",
        "onnxscript": "makes graphs of networks",
    }
)


class LibraryMissing(AppError):
    """What was asked for needs a library that is not installed here."""


def missing_library(error: ImportError) -> LibraryMissing | None:
    """Return the sentence for an import that failed, None for what has to be there."""
    name = (error.name or "").partition(".")[0]
    if name not in NEEDED_FOR:
        return None
    package = name.replace("_", "-")
    return LibraryMissing(
        f"Expected the library {package}, which {NEEDED_FOR[name]}, found that it is not "
        f"installed: the Reader goes without it. Install it with pip ({package}), or the whole of "
        "Overread."
    )


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of those of the packages that are installed, by name."""
    return {name: told for name in packages if (told := _version_of(name))}


@cache
def _version_of(package: str) -> str:
    """Return the version of a package, empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # reads many files

    with suppress(PackageNotFoundError):
        return version(package)
    return ""


def require_library(name: str) -> None:
    """Raise `LibraryMissing` where a library that may be left out is not installed."""
    if find_spec(name) is None:
        missing = missing_library(ModuleNotFoundError(name=name))
        assert missing is not None
        raise missing
