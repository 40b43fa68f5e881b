"""Segmentation networks: catalogue, builder, and one file an architecture.

Importing this package, `catalog` or `spec` does not import torch; `builder` does.
"""
