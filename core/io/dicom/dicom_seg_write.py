"""Write DICOM segmentations of a DICOM series by highdicom: codes, algorithm, author, references.

Segments are numbered from 1 without gaps, as DICOM asks; a label of another value keeps it in the
segment's description. The patient's name is left out unless it is asked for.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.content import PlanePositionSequence
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from core.domain.errors import FileError
from core.domain.label_set import LESION, Label, LabelMap, LabelSet
from core.io.dicom import dicom_file
from core.io.dicom.dicom_planes import DicomPlane
from core.io.dicom.dicom_series import DicomHeader
from core.io.stored import Stored
from core.io.writers import Maker, Order, Writer

_PRODUCT, _VERSION = "Overread", "1"
_SERIES_NUMBER = 900
_IDENTITY = ("PatientName", "PatientBirthDate", "OtherPatientNames")
_LONGEST = 64
_OUTSIDE = re.compile(r"[\\\x00-\x1f]")


def write(path: Path, order: Order) -> None:
    """Write the label map as a binary segmentation of the series it was drawn on.

    Raises `FileError` when the volume does not come from DICOM or has no label.
    """
    stored = order.stored
    header = stored.header
    if not isinstance(header, DicomHeader) or stored.labels is None:
        raise FileError(
            stored.passport.path,
            expected="a mask on a DICOM series, which a DICOM segmentation refers to",
            found="an image" if stored.labels is None else "one on images of another format",
            action="Choose another format.",
        )
    with dicom_file.quiet():
        _segmentation(stored, header, order.provenance).save_as(path, enforce_file_format=True)


def _segmentation(stored: Stored, header: DicomHeader, provenance: Maker) -> Segmentation:
    sources, order, positions = _sources(header.planes)
    labels = _present(stored)
    numbered = _segments(stored.pixels[0], labels)[order]
    found = Segmentation(
        source_images=sources,
        pixel_array=numbered,
        segmentation_type="BINARY",
        segment_descriptions=[
            _description(number, label, provenance)
            for number, label in enumerate(labels.segments, start=1)
        ],
        series_instance_uid=generate_uid(),
        series_number=_SERIES_NUMBER + header.facts.number % 100,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer=_PRODUCT,
        manufacturer_model_name=_PRODUCT,
        software_versions=_VERSION,
        device_serial_number="0",
        content_description="Lesions",
        content_creator_name=provenance.author or None,
        content_label="SEGMENTATION",
        omit_empty_frames=False,
        plane_positions=positions,
    )
    found.SeriesDescription = f"{_PRODUCT} segmentation"
    for name in () if provenance.patient_name else _IDENTITY:
        if name in found:
            setattr(found, name, "")
    return found


def _sources(
    planes: Sequence[DicomPlane],
) -> tuple[list[Dataset], list[int], list[PlanePositionSequence] | None]:
    """Return the data sets, the order of slices that they ask for, and places where not all count.

    Attributes that a segmentation needs and that an anonymised series lacks are made up.
    """
    paths = list(dict.fromkeys(plane.path for plane in planes))
    found = []
    for path in paths:
        item = dicom_file.header(path)
        assert item is not None
        found.append(_completed(item, planes[0]))
    if len(paths) == len(planes):
        return found, list(range(len(planes))), None
    order = sorted(range(len(planes)), key=lambda index: planes[index].frame)
    if len(planes) == int(found[0].get("NumberOfFrames", 1)):
        return found, order, None
    places = [
        PlanePositionSequence("PATIENT", planes[index].position or (0, 0, 0)) for index in order
    ]
    return found, order, places


def _completed(found: Dataset, first: DicomPlane) -> Dataset:
    if not found.get("FrameOfReferenceUID"):
        found.FrameOfReferenceUID = generate_uid(entropy_srcs=[first.series, "frame of reference"])
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
        if name not in found:
            setattr(found, name, "")
    for name in ("StudyID", "AccessionNumber", "StudyDate", "StudyTime", "ReferringPhysicianName"):
        if name not in found:
            setattr(found, name, "")
    return found


def _present(stored: Stored) -> LabelSet:
    assert stored.labels is not None
    return stored.labels.with_found(np.unique(stored.pixels).tolist())


def _segments(label_map: LabelMap, labels: LabelSet) -> LabelMap:
    """Return the map with the segment numbers 1, 2, 3 … in place of the values, (Z, Y, X).

    Where labels overlap it is a plane of 0 and 1 for each segment: (Z, Y, X, S).
    """
    if labels.overlap:
        return np.stack(
            [labels.mask(label_map, labels.spread(each)) for each in labels.segments], axis=-1
        )
    numbers = np.zeros(256, np.uint8)
    numbers[list(labels.values)] = np.arange(1, len(labels.values) + 1)
    return numbers[label_map]


def _description(number: int, label: Label, provenance: Maker) -> SegmentDescription:
    code = label.code or LESION
    automatic = bool(provenance.algorithm)
    found = SegmentDescription(
        segment_number=number,
        segment_label=_OUTSIDE.sub(" ", label.name)[:_LONGEST] or f"Label {label.value}",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=CodedConcept(code.value, code.scheme, code.meaning),
        algorithm_type="AUTOMATIC" if automatic else "MANUAL",
        algorithm_identification=AlgorithmIdentificationSequence(
            provenance.algorithm[:_LONGEST],
            codes.DCM.ArtificialIntelligence,
            provenance.version or _VERSION,
        )
        if automatic
        else None,
        display_color=CIELabColor.from_rgb(*label.colour),
    )
    if number != label.value:
        found.SegmentDescription = f"Label value {label.value}"
    return found


WRITER = Writer("dicom-seg", "DICOM SEG", (".dcm",), write, naming=(".dcm",))
