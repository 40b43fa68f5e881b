"""What file names tell: which are masks, and what is common to the names of one case."""

import re

_MASK = re.compile(
    r"(?:^|[^a-z])(?:seg|mask|label|labels|labelmap|lesion|lesions|dseg|roi|truth|gt|annotation|ground|"
    r"segmentation|groundtruth|ground_truth|tumou?r)(?![a-z])"
)


def is_mask_name(stem: str) -> bool:
    """Tell whether a file name without its ending says mask."""
    return _MASK.search(stem.casefold()) is not None
