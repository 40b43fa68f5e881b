"""A model as a folder: a specification beside its weights, whatever kind of model it is.

The name of the specification says which kind, so that models of every kind may lie side by side in
one folder; an id is taken by the first of them, whichever kind it is. Imports no torch.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from core.domain.errors import ModelError, reason
from core.io.atomic import atomic_path
from core.io.json_file import decode_json, write_json

WEIGHTS_FILE = "weights.safetensors"
SPEC_FILE = "model.json"
CLASSIFIER_FILE = "classifier.json"
GUIDE_FILE = "guide.json"
FORMAT = 1
"""The format of every specification; a file that names no format is of the first."""
_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_DEVICE_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class WithId(Protocol):
    """What every specification says."""

    @property
    def id(self) -> str:
        """The name of its folder."""


class WithSpec(Protocol):
    """A model of any kind."""

    @property
    def spec(self) -> WithId:
        """What it is."""


Spec = TypeVar("Spec", bound=WithId)
Found = TypeVar("Found", bound=WithSpec)


@dataclass(frozen=True)
class SpecFile(Generic[Spec]):
    """The file that makes a folder a model of one kind.

    `content` is what stands in it, `again` how a reader comes by another, both for sentences.
    """

    name: str
    kind: type[Spec]
    content: str
    again: str

    def folders(self, root: Path) -> list[Path]:
        """Return the folders of models of this kind in a folder, in order of their names."""
        return [path.parent for path in sorted(root.glob(f"*/{self.name}"))]

    def read(self, folder: Path) -> Spec:
        """Return the specification in a folder; raises `ModelError` naming what is wrong."""
        path, name = folder / self.name, f"{folder.name}/{self.name}"
        try:
            content = path.read_bytes()
            version = decode_json(content, _Versioned).format
            if version != FORMAT:
                raise ModelError(
                    f"{name}: expected format {FORMAT}, found {version}. "
                    "Use the version of Overread that wrote it."
                )
            spec = decode_json(content, self.kind)
        except OSError as error:
            raise ModelError(unreadable(path, error)) from error
        except msgspec.DecodeError as error:
            raise ModelError(
                f"{name}: expected {self.content}, found: {error}. {self.again}, or take the "
                "folder away."
            ) from error
        if not is_id(spec.id):
            raise ModelError(f"{name}: {_no_id(spec.id)}")
        return spec

    def write(self, folder: Path, spec: Spec) -> None:
        """Write the specification into a folder; atomic, and always after the weights."""
        write_json(folder / self.name, spec)

    def publish(
        self, root: Path, spec: Spec, weights: Path, *, beside: Sequence[Path] = ()
    ) -> Path:
        """Add a model to a folder of models; return its own folder, to which `beside` go too.

        Raises `ModelError` for an id that cannot be, and for one that a model has, of any kind.
        """
        check_id(spec.id)
        folder = root / spec.id
        require_free(folder)
        for source, name in ((weights, WEIGHTS_FILE), *((each, each.name) for each in beside)):
            with atomic_path(folder / name) as temporary:
                shutil.copyfile(source, temporary)
        self.write(folder, spec)
        return folder


class _Versioned(msgspec.Struct, frozen=True):
    format: int = FORMAT


def read_each(
    folders: Iterable[Path], read: Callable[[Path], Found]
) -> tuple[list[Found], list[str]]:
    """Return the models in folders and a sentence for each of which there is none to be had.

    An id found twice is that of the earlier folder.
    """
    found: dict[str, Found] = {}
    problems: list[str] = []
    for folder in folders:
        try:
            model = read(folder)
        except ModelError as error:
            problems.append(str(error))
        else:
            found.setdefault(model.spec.id, model)
    return list(found.values()), problems


def named(
    models: Sequence[Found], problems: Sequence[str], model_id: str, *, among: str, advice: str = ""
) -> Found:
    """Return the model of that id, of several the first.

    Raises `ModelError` that lists those there are, `among` what, with what to do and the `problems`
    of any that is so called.
    """
    for model in models:
        if model.spec.id == model_id:
            return model
    names = ", ".join(dict.fromkeys(model.spec.id for model in models)) or "none there is"
    hints = [advice, *(problem for problem in problems if model_id in problem)]
    raise ModelError(
        f"Expected {among} {names}, found the name {model_id!r}. "
        f"{' '.join(hint for hint in hints if hint)}".rstrip()
    )


def require_weights(folder: Path, spec_file: str) -> None:
    """Raise `ModelError` where no weights lie beside a specification."""
    if not (folder / WEIGHTS_FILE).is_file():
        raise ModelError(
            f"{folder.name}: expected {WEIGHTS_FILE} beside {spec_file}, found none. "
            "Copy it there, or take the folder away."
        )


def holds_model(folder: Path) -> bool:
    """Tell whether a model lies in a folder, of whichever kind.

    One that cannot be listed counts: it may be of a newer version, and it stays.
    """
    return any((folder / name).exists() for name in (SPEC_FILE, CLASSIFIER_FILE, GUIDE_FILE))


def require_free(folder: Path) -> None:
    """Raise `ModelError` where a model lies in `folder` already, of whichever kind."""
    if holds_model(folder):
        raise ModelError(
            f"{folder.name}: expected an id no model has yet, found one. Give another with --id."
        )


def is_id(model_id: str) -> bool:
    """Tell whether `model_id` can be the name of a folder on every system."""
    return bool(_ID.fullmatch(model_id)) and not _DEVICE_OF_WINDOWS.fullmatch(model_id)


def check_id(model_id: str) -> None:
    """Raise `ModelError` when `model_id` cannot be the name of a folder on every system."""
    if not is_id(model_id):
        raise ModelError(_no_id(model_id))


def unreadable(path: Path, error: OSError) -> str:
    """Say that a file of a model cannot be read."""
    return f"{path}: expected a file that can be read, found: {reason(error)}. Check the folder."


def _no_id(found: str) -> str:
    return (
        "expected a model id of letters, digits, dot, dash and underscore (at most 64) that can "
        f"be a folder's name on every system, found {found!r}. Choose another."
    )
