"""DICOM: series, planes, segmentations."""
