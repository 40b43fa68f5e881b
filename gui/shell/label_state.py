"""The labels of the case on screen: which the reader looks at, holds, hides and locks."""

from dataclasses import dataclass, field

from core.annotation.label_rule import LabelRule
from core.domain.label_set import BINARY, LabelSet, Region

WHOLE = Region("Whole", BINARY.values)


@dataclass(frozen=True)
class LabelState:
    """What is known and chosen of labels; a binary case is the set of one.

    `focus` is the region of which contours, errors, strip, disagreements and figures are; `rule`
    says what tools write. Labels in `hidden` are not filled.
    """

    labels: LabelSet = BINARY
    focus: Region = WHOLE
    rule: LabelRule = field(default_factory=LabelRule)
    hidden: frozenset[int] = frozenset()

    @property
    def in_hand(self) -> int:
        """The value that tools write."""
        return self.rule.value
