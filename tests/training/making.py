"""Tiny datasets and trainings made by code."""

import json
from pathlib import Path
from typing import Any

from core.jobs.job_folder import JobFolder, create_job
from core.models.preprocessing import Preprocessing
from core.models.train_spec import Augmentation, TrainSpec
from tests.synthetic import write_case

TRAIN = tuple(f"CASE_{n}" for n in range(1, 6))
VAL = ("CASE_6", "CASE_7")

STILL = Augmentation(
    flip=0,
    rotation=0,
    scale=0,
    shift=0,
    elastic=0,
    gain=0,
    offset=0,
    gamma=0,
    noise=0,
    missing=0,
)
"""No augmentation at all."""


def make_dataset(folder: Path) -> Path:
    """Write seven cases of four slices 40×32 and return their folder."""
    data = folder / "data"
    for seed, case_id in enumerate((*TRAIN, *VAL)):
        write_case(data, case_id, seed=seed)
    return data


def write_split(path: Path, train: tuple[str, ...] = TRAIN, val: tuple[str, ...] = VAL) -> Path:
    """Write a split file and return its path."""
    path.write_text(json.dumps({"train": train, "val": val}))
    return path


def small_spec(folder: Path, **changes: Any) -> TrainSpec:
    """Return a training of a tiny U-Net on `make_dataset(folder)`: eight steps, two selections."""
    data = folder / "data"
    given: dict[str, Any] = {
        "architecture": "unet",
        "data": str(data if data.exists() else make_dataset(folder)),
        "split": str(write_split(folder / "split.json")),
        "model_id": "small",
        "arguments": {"init_features": 2},
        "preprocessing": Preprocessing(crop="head", size=32, neighbours=1),
        "learning_rate": 1e-2,
        "ema": 0.5,
        "batch_size": 4,
        "max_steps": 8,
        "selections": 2,
        "selection_cases": 1,
        "threads": 1,
        "device": "cpu",
    }
    return TrainSpec(**{**given, **changes})


def make_job(folder: Path, name: str = "job", **changes: Any) -> tuple[TrainSpec, JobFolder]:
    """Return a small training and the job folder it is in."""
    spec = small_spec(folder, **changes)
    return spec, create_job(folder / name, spec)
