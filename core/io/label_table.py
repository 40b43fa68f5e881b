"""Names and colours of labels beside a file whose format has no place for them, as BIDS has it."""

import csv
import io
from pathlib import Path

from core.domain.label_set import LabelSet
from core.io.atomic import write_bytes

_COLUMNS = ("index", "name", "color")


def write_label_table(path: Path, labels: LabelSet) -> None:
    """Write a `_dseg.tsv`: a row a label with its value, name and colour; atomic."""
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerow((0, "Background", "#000000"))
    for label in labels.labels:
        table.writerow((label.value, label.name, "#{:02x}{:02x}{:02x}".format(*label.colour)))
    write_bytes(path, text.getvalue().encode())
