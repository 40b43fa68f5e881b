"""What a model of several labels gives: classes or regions, over labels that stand in the model."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from core.domain.label_set import HIGHEST, LabelSet, Region

OutputKind: TypeAlias = Literal["classes", "regions"]


class ModelOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The channels of a model, and the labels they are of; a binary model has none of this.

    `classes`: a softmax over the background and each label by ascending value; the network has one
    logit more than there are labels, the background's first, and what is kept is a channel a label.
    `regions`: a sigmoid for each region of `labels`, in their order, in which they are painted into
    a map: a region paints the one of its values that no later region has (the first of several), as
    nnU-Net's `regions_class_order` does. Raises `ValueError` where a region has none, or there is
    no label.
    """

    kind: OutputKind
    labels: LabelSet

    def __post_init__(self) -> None:
        """Refuse what could paint no map."""
        if not self.labels.labels or (self.kind == "regions" and not self.labels.regions):
            raise ValueError(f"expected labels of {self.kind}, found none")
        _ = self.paints

    @property
    def channels(self) -> tuple[Region, ...]:
        """What each channel (K) is the probability of."""
        if self.kind == "regions":
            return self.labels.regions
        return tuple(Region(label.name, (label.value,)) for label in self.labels.labels)

    @property
    def logits(self) -> int:
        """How many logits the network has."""
        return len(self.channels) + (self.kind == "classes")

    @property
    def whole(self) -> Region:
        """The region of all labels."""
        every = set(self.labels.values)
        named = (region for region in self.labels.regions if set(region.values) == every)
        return next(named, Region("Whole", self.labels.values))

    @property
    def regions(self) -> tuple[Region, ...]:
        """What figures are given of: the named regions, or each label where there are none."""
        return self.labels.regions or self.channels

    @cached_property
    def paints(self) -> tuple[int, ...]:
        """The label value that each channel paints."""
        channels = self.channels
        found = []
        for place, region in enumerate(channels):
            later = {value for other in channels[place + 1 :] for value in other.values}
            own = [value for value in region.values if value not in later]
            if not own:
                raise ValueError(
                    f"{region.name}: expected a label of its own to paint, found that the regions "
                    "after it have them all"
                )
            found.append(own[0])
        return tuple(found)

    @property
    def told(self) -> object:
        """What a probability depends on, as fingerprints take it: no names and no colours."""
        return self.kind, [list(channel.values) for channel in self.channels]

    def adapted(self, labels: LabelSet | None) -> tuple["ModelOutput", tuple[int, ...]]:
        """Return this output with the values that a case's `labels` give to the same things.

        A label is the case's of the same name, else that of the same value; one that the case lacks
        keeps its value where that is free, else takes the lowest that is. Beside it stands which of
        the channels (K) each of the new ones is, for classes are by ascending value.
        """
        same = tuple(range(len(self.channels)))
        if labels is None or labels.is_binary:
            return self, same
        changed = _values(self.labels, labels)
        if all(value == own for own, value in changed.items()):
            return self, same
        output = msgspec.structs.replace(self, labels=_renumbered(self.labels, changed))
        if self.kind == "regions":
            return output, same
        own = {changed[value]: place for place, value in enumerate(self.labels.values)}
        return output, tuple(own[value] for value in output.labels.values)

    def region_of(self, labels: LabelSet | None, region: Region) -> Region:
        """Return the region of this model that is a case's `region` of its `labels`.

        All labels where the case has one alone, or none of the model's is of it.
        """
        if labels is None or labels.is_binary:
            return self.whole
        values = tuple(value for value in region.values if value in self.labels.values)
        return Region(region.name, values) if values else self.whole


def _values(ours: LabelSet, theirs: LabelSet) -> Mapping[int, int]:
    """Return for each of our values the one that it has in their set."""
    names = {label.name.casefold(): label.value for label in theirs.labels}
    found = {
        label.value: names[label.name.casefold()]
        for label in ours.labels
        if label.name.casefold() in names
    }
    for label in ours.labels:
        if label.value not in found:
            taken = {*found.values(), *(set(theirs.values) - {label.value})}
            free = (value for value in range(1, HIGHEST + 1) if value not in taken)
            found[label.value] = label.value if label.value not in taken else next(free)
    return found


def _renumbered(labels: LabelSet, changed: Mapping[int, int]) -> LabelSet:
    return LabelSet(
        tuple(
            replace(
                label,
                value=changed[label.value],
                parts=tuple(changed.get(part, part) for part in label.parts),
            )
            for label in labels.labels
        ),
        tuple(
            Region(region.name, tuple(changed[value] for value in region.values))
            for region in labels.regions
        ),
    )
