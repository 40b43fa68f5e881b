"""A folder of cached predictions as a source of its own: read only, without weights or torch.

The folder is that of a workspace's predictions, copied from wherever they were computed:
`<model>/<case>.npz`, or `predictions/<model>/<case>.npz` below a workspace. What it holds of a case
is used only for the very image it was computed from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError, FileError
from core.domain.prediction import Prediction
from core.io.cases.case_reader import LoadedCase
from core.io.datasets.prediction_file import read_prediction
from core.models.filled_label import in_focus
from core.workspace.workspace_folder import prediction_name

_HASH_LENGTH = 32


@dataclass(frozen=True)
class PredictionFolder:
    """The predictions of a folder: path by model id and by the name of the case's file."""

    root: Path
    files: Mapping[str, Mapping[str, Path]]

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models that have predictions here."""
        return tuple(self.files)

    def find(self, loaded: LoadedCase, model_id: str) -> Prediction | None:
        """Return the prediction of a model for a case, None when there is none.

        Raises `FileError` when the file is damaged or was computed from another image.
        """
        path = self.files.get(model_id, {}).get(prediction_name(loaded.case.id))
        if path is None:
            return None
        prediction = read_prediction(path)
        if prediction is None:
            raise FileError(
                path,
                expected="a cached prediction",
                found="a file that cannot be read as one",
                action="Copy it again from where it was computed.",
            )
        _check(path, prediction, loaded)
        return in_focus(loaded, prediction)


def open_predictions(root: Path) -> PredictionFolder:
    """List the predictions below `root`; raises `DataError` when there are none."""
    for place in (root / "predictions", root):
        found: dict[str, dict[str, Path]] = {}
        for path in sorted(place.glob("*/*.npz")):
            found.setdefault(path.parent.name, {})[path.name] = path
        if found:
            return PredictionFolder(root, found)
    raise DataError(
        f"{root}: expected predictions as <model>/<case>.npz, found none. "
        "Choose the workspace's folder, or its folder predictions."
    )


def _check(path: Path, prediction: Prediction, loaded: LoadedCase) -> None:
    shape = loaded.volume.geometry.shape
    made_from = prediction.key[-_HASH_LENGTH:]
    if prediction.probability.shape == shape and made_from == loaded.volume.content_hash():
        return
    same = prediction.probability.shape == shape
    found = "one of another image" if same else f"one of {prediction.probability.shape} voxels"
    raise FileError(
        path,
        expected=f"a prediction of {loaded.case.id} as it is now, {shape} voxels",
        found=found,
        action="Run the model on this dataset again, or open the dataset it was run on.",
    )
