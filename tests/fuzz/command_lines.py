"""Command lines: every command with values that are right, odd or hostile, in a small home."""

import os
import random
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from inspect import Parameter, signature
from io import StringIO
from pathlib import Path
from typing import Literal, get_args, get_origin

from typer.models import OptionInfo

from core.workspace.settings import HOME_VARIABLE
from main import app, main
from tests.fuzz.state_files import make_home
from tests.fuzz.target import Target

_WINDOWS = ("open", "demo")
"""What would show a window."""

_ODD = (
    *("", "x", "-1", "0", "1", "9" * 30, "nan", "inf", "1e308", "é", "\udcff", "a\nb", "\x1b[31m"),
    *("../..", "~", "a" * 300, "--help", "=1", "{}", "[" * 3000, '"\udc80"', "NAME=VALUE"),
)
_NUMBERS = ("-1", "0", "1", "2", "99999999999999999999", "nan", "inf", "1e-9", "1e308", "x", "")
_GOOD = {
    "model": ("good", "both", "other", "slices", "none"),
    "models": ("good", "other", "none"),
    "members": ("good", "other"),
    "model_id": ("good", "new", "both", "con", "a/b"),
    "source": ("good", "none"),
    "case": ("C_0", "C_1", "none"),
    "device": ("cpu", "auto", "cuda:9", "mps", "tpu"),
    "architecture": ("unet", "smp", "densenet", "ensemble", "none"),
    "arg": ("init_features=2", "init_features=2000000", "encoder=tu-none", "decoder_channels=[1]"),
    "setting": ("clip=0.5", "ema=2", "augmentation={}", 'augmentation={"flip":9}', "data=1"),
    "preprocessing": ('{"crop":"head","size":32}', '{"size":1}', '{"neighbours":99}', "{", "[]"),
    "format_name": ("nifti", "nrrd", "mha", "tiff", "dicom-seg", "png"),
    "layout": ("lgg", "nnunet", "loose", "none"),
    "image": ("FLAIR=*_1.tif", "FLAIR=[", "=", "FLAIR=**"),
    "mask": ("*_mask.tif", "[", "**"),
}
_BUDGET = ("--max-steps", "1", "--size", "32", "--batch-size", "1", "--device", "cpu")
_STATUSES = (0, 1, 2, 3)
_UNBOUNDED = ("max_steps", "epochs", "minutes", "batch_size", "size", "device", "loss")
"""Left out of trainings, which have a budget of one step here."""


def _prepare(folder: Path) -> Callable[[random.Random], bool]:
    home, kept = folder / "home", folder / "kept"
    make_home(home)
    (home / "text.txt").write_text("hello")
    (home / "empty").mkdir()
    shutil.copytree(home, kept)
    os.environ[HOME_VARIABLE] = str(home)
    here = folder / "here" / "here"
    here.mkdir(parents=True)
    os.chdir(here)
    paths = _paths(home)

    def attempt(chance: random.Random) -> bool:
        line = _line(chance, paths)
        (folder / "input.txt").write_text(repr(line))
        try:
            return _is_run(line)
        finally:
            _restore(home, kept)

    return attempt


def _restore(home: Path, kept: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(kept, home)


def _paths(home: Path) -> list[str]:
    inside = ("data", "data/C_0", "data/C_0/C_0_1.tif", "split.json", "text.txt", "empty", "none")
    jobs = (
        "jobs/1-new",
        "jobs/2-slices",
        "studies/1",
        "export",
        "w",
        "models/good",
        "out",
        "a.nii",
    )
    weights = ("models/good/weights.safetensors", "models/good/model.json", "nnunet", "data/out")
    return [str(home / name) for name in (*inside, *jobs, *weights)] + list(_ODD)


def _line(chance: random.Random, paths: list[str]) -> list[str]:
    """Return a command with most of what it requires and some of what it may take."""
    words, command = chance.choice(_commands())
    trains = words == ["train"]
    words = list(words)
    for name, parameter in signature(command, eval_str=True).parameters.items():
        if trains and name in _UNBOUNDED:
            continue
        if chance.random() > (0.95 if parameter.default is Parameter.empty else 0.3):
            continue
        base, info = get_args(parameter.annotation)
        values = [_value(name, base, chance, paths) for _ in range(_count(base, chance))]
        if isinstance(info, OptionInfo):
            flag = chance.choice([*(info.param_decls or ()), f"--{name.replace('_', '-')}"])
            words += [flag] if base is bool else [w for v in values for w in (flag, v)]
        else:
            words += values
    if trains:
        words += _BUDGET
    return words + ([chance.choice(_ODD)] if chance.random() < 0.05 else [])


def _commands() -> list[tuple[list[str], Callable[..., object]]]:
    """Return the words of every command that shows no window, and what it calls."""
    found = []
    groups = [([], app), *(([g.name or ""], g.typer_instance) for g in app.registered_groups)]
    for words, group in groups:
        for command in group.registered_commands if group is not None else ():
            assert command.callback is not None
            name = command.name or command.callback.__name__.replace("_", "-")
            if name not in _WINDOWS:
                found.append(([*words, name], command.callback))
    return found


def _count(base: object, chance: random.Random) -> int:
    return chance.randint(1, 3) if "list" in str(base) else 1


def _value(name: str, base: object, chance: random.Random, paths: list[str]) -> str:
    if chance.random() < 0.1:
        return chance.choice(_ODD)
    if get_origin(base) is Literal:
        return chance.choice([*get_args(base), "none"])
    if name in _GOOD:
        return chance.choice(_GOOD[name])
    if "int" in str(base) or "float" in str(base):
        return chance.choice(_NUMBERS)
    return chance.choice(paths)


def _is_run(line: list[str]) -> bool:
    """Tell whether a command did what it was told; what it refuses, it refuses in a sentence."""
    out = StringIO()
    status: int | str = 0
    sys.argv = ["overread", *line]
    with redirect_stdout(out), redirect_stderr(out):
        try:
            main()
        except SystemExit as error:
            status = error.code or 0
    if status not in _STATUSES:
        raise AssertionError(f"status {status} of {line}")
    return status == 0


COMMANDS = Target("command lines", _prepare, share=250, tried=8)
