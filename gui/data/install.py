"""Data in a window: which folder is open."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from gui.data.channel_choice import ChannelChoice
from gui.data.data_presenter import DataPresenter, DataViews, meant_by
from gui.data.mask_grid import MaskGrid
from gui.data.time_point import TimePoint
from gui.shell.context import Context, Handlers

FILES = (
    "Images (*.nii *.nii.gz *.hdr *.nrrd *.nhdr *.mha *.mhd *.dcm *.ima *.tif *.tiff *.zip)"
    ";;All files (*)"
)


@dataclass(frozen=True, eq=False)
class Data:
    """What was installed."""

    handlers: Handlers
    presenter: DataPresenter
    channels: ChannelChoice
    mask_grid: MaskGrid
    time_point: TimePoint


def install(context: Context, views: DataViews) -> Data:
    """Make what says which dataset is open, and the commands that ask for a folder."""
    presenter = DataPresenter(context, views)
    channels, time_point = ChannelChoice(context), TimePoint(context)

    def toggle_names() -> None:
        wanted = not context.session.settings.patient_names
        context.actions["patient_names"].setChecked(wanted)
        context.operations.change_settings(patient_names=wanted)

    handlers: Handlers = {
        "patient_names": toggle_names,
        "choose_channels": channels.ask,
        "time_point": time_point.ask,
        "organise": presenter.organise.ask_again,
        "open_dataset": lambda: _ask_for_cases(context),
        "open_file": lambda: _ask_for_file(context),
        "open_demo": context.operations.open_demo,
        "open_predictions": lambda: _ask_for_predictions(context),
    }
    return Data(handlers, presenter, channels, MaskGrid(context), time_point)


def _ask_for_cases(context: Context) -> None:
    place = context.session.place
    start = str(place.dataset.root.parent) if place is not None else str(Path.home())
    chosen = QFileDialog.getExistingDirectory(context.window, "Open a folder of cases", start)
    if chosen:
        context.operations.open_dataset(Path(chosen))


def _ask_for_file(context: Context) -> None:
    place = context.session.place
    start = str(place.dataset.root.parent) if place is not None else str(Path.home())
    chosen, _ = QFileDialog.getOpenFileName(
        context.window, "Open an image, a slice of a series, or a zip", start, FILES
    )
    if chosen:
        context.operations.open_dataset(meant_by(Path(chosen)))


def _ask_for_predictions(context: Context) -> None:
    if context.session.place is None:
        return
    chosen = QFileDialog.getExistingDirectory(
        context.window, "Open a folder of predictions of these cases", str(Path.home())
    )
    if chosen:
        context.operations.open_predictions(Path(chosen))
