"""Digital head phantoms: volumes that look like MR, with known lesions, made by code alone."""

from core.phantom.case import PhantomSpec, phantom_case
from core.phantom.head import HeadShape
from core.phantom.lesion import Lesion

__all__ = ["HeadShape", "Lesion", "PhantomSpec", "phantom_case"]
