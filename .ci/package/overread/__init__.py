"""Overread: check, correct and retrain segmentations of brain MRI lesions. Not for clinical use.

What a notebook or a script may use stands here; everything below is free to change.
"""

from core.api import *  # noqa: F403
from core.api import __all__ as __all__
from core.api import __getattr__ as __getattr__
