"""What a reader chose of the labels of a dataset, as a job keeps it."""

import msgspec

from core.domain.label_set import LabelSet


class LabelChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What masks mean to a job: as it was chosen when the job was made, whatever is chosen since.

    `labels` are those of all cases, with the regions over them, None where the files tell;
    `region` is the one that is lesion, all labels when empty.
    """

    labels: LabelSet | None = None
    region: str = ""
