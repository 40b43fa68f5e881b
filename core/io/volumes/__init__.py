"""Formats that hold a volume in a file: NIfTI, NRRD, MetaImage, surfaces, plain pictures."""
