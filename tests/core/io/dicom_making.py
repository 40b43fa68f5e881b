"""DICOM series made by code: voxels, places and kinds of compression that tests choose."""

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
    generate_uid,
)

NAME = "Secret^Patient"
ROW, COLUMN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
STUDY, SERIES, FRAME = (generate_uid(entropy_srcs=[name]) for name in ("study", "series", "frame"))
ENCODERS = {
    JPEGLosslessSV1: lambda a: imagecodecs.ljpeg_encode(a, bitspersample=16),
    JPEGLSLossless: imagecodecs.jpegls_encode,
    JPEG2000Lossless: lambda a: imagecodecs.jpeg2k_encode(
        a, codecformat="J2K", reversible=True, level=0
    ),
    JPEGBaseline8Bit: lambda a: imagecodecs.jpeg8_encode(a, level=95),
    JPEGExtended12Bit: lambda a: imagecodecs.jpeg8_encode(a, level=98, bitspersample=12),
}


def instance(pixels, position, *, orientation=(ROW, COLUMN), spacing=(2.0, 1.5), number=1, **tags):
    """Return the data set of one plane (Y, X) or (Y, X, 3) at `position` in LPS millimetres."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    uid = generate_uid()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, uid
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.SOPClassUID, found.SOPInstanceUID = MRImageStorage, uid
    found.StudyInstanceUID, found.SeriesInstanceUID, found.FrameOfReferenceUID = (
        STUDY,
        SERIES,
        FRAME,
    )
    found.PatientName, found.PatientID, found.Modality = NAME, "P1", "MR"
    found.PatientBirthDate, found.PatientSex, found.StudyDate, found.StudyTime = "", "", "", ""
    found.StudyID, found.AccessionNumber, found.ReferringPhysicianName = "", "", ""
    found.Manufacturer, found.SeriesNumber, found.InstanceNumber = "Maker", 3, number
    found.SeriesDescription = "t2_tse_tra"
    if position is not None:
        found.ImagePositionPatient = [float(v) for v in position]
        found.ImageOrientationPatient = [*orientation[0], *orientation[1]]
        found.PixelSpacing, found.SliceThickness = list(spacing), 3.0
    describe(found, pixels)
    for name, value in tags.items():
        if value is None:
            delattr(found, name)
        else:
            setattr(found, name, value)
    return found


def describe(found, pixels):
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    found.Rows, found.Columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    found.SamplesPerPixel = 3 if colour else 1
    found.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        found.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    found.BitsAllocated, found.BitsStored, found.HighBit = bits, bits, bits - 1
    found.PixelRepresentation = int(pixels.dtype.kind == "i")
    found.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()


def series(stored, *, step=3.0, direction=None, orientation=(ROW, COLUMN), change=None, **tags):
    """Return the planes of `stored` (Z, Y, X), the first at (-10, -20, 5) LPS, in order."""
    normal = np.cross(*orientation) if direction is None else np.array(direction, float)
    found = []
    for index, plane in enumerate(stored):
        position = np.array([-10.0, -20, 5]) + normal * step * index
        item = instance(plane, position, orientation=orientation, number=index + 1, **tags)
        if change is not None:
            change(index, item)
        found.append(item)
    return found


def save(folder, items, names=None):
    """Write the data sets into `folder`, by default in an order that is not that of the planes."""
    folder.mkdir(parents=True, exist_ok=True)
    prime = 101 if len(items) <= 101 else 997  # of more names some would be the same
    order = [(7 * n) % prime for n in range(len(items))]
    for index, item in enumerate(items):
        name = names[index] if names else f"{order[index]:03}.dcm"
        item.save_as(folder / name, enforce_file_format=True)
    return folder


def compressed(item, syntax):
    """Return the plane compressed with `syntax`."""
    pixels = item.pixel_array
    item.file_meta.TransferSyntaxUID = syntax
    if syntax == RLELossless:
        item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        item.compress(RLELossless, pixels)
        return item
    item.PixelData = encapsulate([ENCODERS[syntax](pixels)])
    item["PixelData"].VR = "OB"
    item["PixelData"].is_undefined_length = True
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        item.LossyImageCompression = "01"
    return item


def multiframe(stored, *, step=3.0, echoes=(0.0,), orientation=(ROW, COLUMN)):
    """Return an enhanced MR file of `stored` (Z, Y, X), once for each echo time."""
    frames = np.concatenate([stored + n for n, _ in enumerate(echoes)])
    found = instance(frames[0], None)
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    describe(found, frames)
    found.NumberOfFrames = len(frames)
    shared = Dataset()
    shared.PlaneOrientationSequence = [Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [*orientation[0], *orientation[1]]
    shared.PixelMeasuresSequence = [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = [2.0, 1.5]
    shared.PixelMeasuresSequence[0].SliceThickness = 3.0
    shared.PixelValueTransformationSequence = [Dataset()]
    shared.PixelValueTransformationSequence[0].RescaleSlope = 2
    shared.PixelValueTransformationSequence[0].RescaleIntercept = -7
    found.SharedFunctionalGroupsSequence = [shared]
    normal = np.cross(*orientation)
    found.PerFrameFunctionalGroupsSequence = []
    for echo in echoes:
        for index in range(len(stored)):
            frame, place, timing = Dataset(), Dataset(), Dataset()
            place.ImagePositionPatient = list(np.array([-10.0, -20, 5]) + normal * step * index)
            timing.EffectiveEchoTime = echo
            frame.PlanePositionSequence, frame.MREchoSequence = [place], [timing]
            found.PerFrameFunctionalGroupsSequence.append(frame)
    return found


def ct(item):
    item.SOPClassUID = item.file_meta.MediaStorageSOPClassUID = CTImageStorage
    item.Modality = "CT"
    return item
