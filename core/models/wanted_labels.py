"""Which labels a training learns, as a reader names them, and what its model then gives."""

from collections.abc import Mapping, Sequence

import msgspec

from core.domain.errors import DataError, ModelError
from core.domain.label_set import Label, LabelSet, Region, colour_of
from core.domain.model_output import ModelOutput, OutputKind


class WantedLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model of several labels is to give, by the names the data have for it.

    `classes` are labels; `regions` are regions or labels, larger ones first, as they are painted.
    Without `names` it is all there are: all labels, or all regions and, without any, all labels.
    """

    kind: OutputKind
    names: tuple[str, ...] = ()


def read_names(text: str) -> tuple[str, ...]:
    """Return the names of `A,B,C`; `all` and nothing are no names, which stand for all."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    return () if names == ("all",) else names


def read_output(labels: str, regions: str) -> ModelOutput | None:
    """Return what a network gives, as the command line says it; None where it says nothing.

    `labels` are names of classes by their channels after the background's, `A,B`, of the values
    from 1 up. `regions` are `NAME=1+3,NAME=3`, in the order of the channels. With both, labels name
    the values of the regions. Raises `ModelError` for anything else.
    """
    if not labels and not regions:
        return None
    names = read_names(labels)
    if not regions:
        return ModelOutput(kind="classes", labels=_numbered(dict(enumerate(names, start=1))))
    try:
        parts = [text.partition("=") for text in read_names(regions)]
        made = tuple(Region(n.strip(), tuple(map(int, v.split("+")))) for n, _, v in parts)
        values = {value for region in made for value in region.values}
        named = {v: names[v - 1] if v <= len(names) else f"Label {v}" for v in sorted(values)}
        return ModelOutput(kind="regions", labels=LabelSet(_numbered(named).labels, made))
    except ValueError as error:
        raise ModelError(
            f"--regions {regions}: expected NAME=1+3,NAME=3, larger regions first, found: {error}."
        ) from error


def _numbered(names: Mapping[int, str]) -> LabelSet:
    return LabelSet(tuple(Label(v, name, colour_of(v)) for v, name in names.items()))


def output_of(wanted: WantedLabels, labels: LabelSet) -> ModelOutput:
    """Return what a model gives that learns `wanted` of cases with `labels`.

    Raises `DataError` for a name they have not, fewer than two labels, and regions that leave one
    nothing to paint.
    """
    if labels.is_binary:
        raise DataError(
            f"Expected masks of several labels, found one alone ({labels.labels[0].name}). Train "
            "without --labels and --regions, or take cases whose masks hold more values."
        )
    if wanted.kind == "classes":
        named = _labels(wanted.names, labels)
        kept = tuple(region for region in labels.regions if set(region.values) <= set(named.values))
        return ModelOutput(kind="classes", labels=LabelSet(named.labels, kept))
    regions = _regions(wanted.names, labels)
    values = {value for region in regions for value in region.values}
    chosen = tuple(label for label in labels.labels if label.value in values)
    try:
        return ModelOutput(kind="regions", labels=LabelSet(chosen, regions))
    except ValueError as error:
        raise DataError(
            f"--regions {', '.join(r.name for r in regions)}: {error}. Name the larger regions "
            "first, each once."
        ) from error


def _labels(names: Sequence[str], labels: LabelSet) -> LabelSet:
    known = {label.name.casefold(): label for label in labels.labels}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        raise DataError(
            f"--labels: expected labels among {', '.join(lb.name for lb in labels.labels)}, found "
            f"{', '.join(unknown)}. Correct the names."
        )
    return LabelSet(tuple(known[name.casefold()] for name in names) or labels.labels)


def _regions(names: Sequence[str], labels: LabelSet) -> tuple[Region, ...]:
    each = tuple(map(labels.spread, labels.segments))
    if not names:
        return labels.regions or each
    known = {region.name.casefold(): region for region in (*each, *labels.regions)}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        there = ", ".join(region.name for region in (*labels.regions, *each))
        raise DataError(
            f"--regions: expected regions or labels among {there}, found {', '.join(unknown)}. "
            "Correct the names."
        )
    return tuple(known[name.casefold()] for name in names)
