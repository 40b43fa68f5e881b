"""The labels of the case on screen: which the reader looks at, holds, hides and locks."""

from dataclasses import dataclass, field, replace

from core.annotation.label_rule import LabelRule, PatchAim, hand_of
from core.domain.label_set import BINARY, LabelSet, Region
from core.io.cases.case_reader import LoadedCase
from core.workspace.workspace_folder import HeldLabels

WHOLE = Region("Whole", BINARY.values)


@dataclass(frozen=True)
class LabelState:
    """What is known and chosen of labels; a binary case is the set of one.

    `focus` is the region of which contours, errors, strip, disagreements and figures are; `rule`
    says what tools write. Labels in `hidden` are not filled. `kept` says that rule and `hidden` are
    those of a window before, of a case that is not shown yet.
    """

    labels: LabelSet = BINARY
    focus: Region = WHOLE
    rule: LabelRule = field(default_factory=LabelRule)
    hidden: frozenset[int] = frozenset()
    kept: bool = False

    @staticmethod
    def of_before(held: HeldLabels) -> "LabelState":
        """Return what was in hand, locked and hidden before, for the first case that is shown."""
        rule = LabelRule(held.in_hand, locked=frozenset(held.locked))
        return LabelState(rule=rule, hidden=frozenset(held.hidden), kept=True)

    @property
    def held(self) -> HeldLabels:
        """What is kept from window to window; nothing of a binary case."""
        if self.labels.is_binary:
            return HeldLabels()
        locked, hidden = sorted(self.rule.locked), sorted(self.hidden)
        return HeldLabels(self.in_hand, tuple(locked), tuple(hidden))

    @property
    def in_hand(self) -> int:
        """The value that tools write."""
        return self.rule.value

    @property
    def aim(self) -> PatchAim | None:
        """What patches of the label in hand are aimed at; None of a binary case."""
        return None if self.labels.is_binary else hand_of(self.rule)

    def of_case(self, loaded: LoadedCase) -> "LabelState":
        """Return the labels of a case, what was chosen of them kept as far as it has them."""
        labels, focus = loaded.meaning, loaded.region
        if labels is None or focus is None:
            return LabelState()
        there = frozenset(labels.values)
        rule = replace(self.rule, locked=self.rule.locked & there)
        fresh = self.labels.is_binary and not self.kept
        if fresh or rule.value not in there:
            rule = replace(rule, value=focus.values[0])
        if rule.over_value not in there and rule.over == "label":
            rule = replace(rule, over="all", over_value=0)
        return LabelState(labels, focus, rule, self.hidden & there)
