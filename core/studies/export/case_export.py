"""Cases written into a folder: masks alone or with their images, in the layout they came in.

With its images the folder is a dataset again, which can be opened and learnt from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from core.annotation.export import export_mask
from core.domain.errors import AppError, DataError
from core.domain.progress import Progress, silent
from core.io.cases.case import Case, each_case
from core.io.cases.case_masks import check_format
from core.io.cases.case_reader import read_case
from core.io.cases.slice_masks import IN_SLICES
from core.io.datasets.dataset import Dataset
from core.io.datasets.dataset_copy import (
    as_volumes,
    copy_descriptions,
    copy_images,
    describe_volumes,
)
from core.io.datasets.organisation import AS_IT_LIES
from core.io.volumes.mesh_file import MESH_FORMATS, MeshFormat
from core.studies.export.exported_mask import ExportSource, MaskKind, exported_mask
from core.studies.export.mask_files import Written
from core.studies.export.surface_export import export_surfaces
from core.workspace.known_dataset import keep, recalled


@dataclass(frozen=True)
class ExportOrder:
    """What is written where: which masks, alone or with their images, in which format."""

    folder: Path
    masks: MaskKind
    images: bool = False
    format_name: str | None = None

    @property
    def mesh_format(self) -> MeshFormat | None:
        """The format of surfaces, where these are written in the place of voxels."""
        return next((name for name in MESH_FORMATS if name == self.format_name), None)


def export_cases(
    cases: Sequence[Case],
    order: ExportOrder,
    source: ExportSource,
    *,
    dataset: Dataset,
    progress: Progress = silent,
) -> Written:
    """Write `cases` of `dataset` as `order` says; what fails is told, and the rest goes on.

    Raises `DataError` for the name of no format. `progress` may raise `Cancelled`.
    """
    if order.mesh_format is None:
        check_format(order.format_name)
    elif order.images:
        raise DataError(
            f"--format {order.format_name}: expected masks alone, found that their images are "
            "wanted too. Surfaces are no images: leave --images out."
        )
    notices: list[str] = []
    failed: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_whole()
            if (
                order.images
                and case.volumes is None
                and order.format_name not in (None, *IN_SLICES)
            ):
                loaded = replace(loaded, case=as_volumes(case))
                channels = loaded.volume.channels
            made = exported_mask(loaded, order.masks, source, inner)
            if order.mesh_format is not None:
                export_surfaces(
                    made,
                    loaded.volume.geometry,
                    order.folder,
                    dataset_root=dataset.root,
                    format_name=order.mesh_format,
                )
                notices += loaded.notices
                continue
            # The mask first, as that may be refused.
            export_mask(
                made, order.folder, dataset_root=dataset.root, format_name=order.format_name
            )
            if order.images:
                notices += copy_images(case, loaded.volume, order.folder, order.format_name)
            notices += loaded.notices
        except AppError as error:
            failed[case.id] = str(error)
    done = len(cases) - len(failed)
    if channels:
        describe_volumes(channels, done, order.folder)
    elif order.images and done and order.format_name not in IN_SLICES:
        _describe(order, dataset)
    return Written(failed, tuple(notices))


def _describe(order: ExportOrder, dataset: Dataset) -> None:
    """Copy what describes the dataset, and keep how it is organised for when it is opened."""
    copy_descriptions(dataset, order.folder)
    how = recalled(dataset.root)
    if how.images and not how.mask:
        how = msgspec.structs.replace(how, mask="masks/*")
    if how != AS_IT_LIES:
        keep(order.folder, how)
