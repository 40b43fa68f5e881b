"""What a blinded reading showed, with the names."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import MISSING, counted, p_value
from core.review.unblinding import Unblinded
from gui.widgets.figure_table import fill_table, prepare_table
from gui.widgets.labels import make_label, make_wrapped_label, number

_MODEL_HEADS = ("Model", "Preferred", "Rating, mean", "Median", "SD")
_PAIR_HEADS = ("First", "Second", "First / none / second", "p, sign test", "p, Holm")


class BlindedResult(QDialog):
    """Counts, tests, and the reader's agreement with themself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Result of the blinded reading")
        self.resize(720, 460)
        self._said = make_wrapped_label("", "body")
        self._agreement = make_wrapped_label("", "body")
        self.models = _table(_MODEL_HEADS, 1, "Preferences by model")
        self.pairs = _table(_PAIR_HEADS, 2, "Models against each other")
        close = QPushButton("Close")
        close.setProperty("primary", True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(make_label("Unblinded", "title"))
        for widget in (self._said, self.models, self.pairs, self._agreement):
            column.addWidget(widget)
        column.addLayout(foot)

    def show_result(self, found: Unblinded, titles: Mapping[str, str]) -> None:
        """Show a result; `titles` are by model id."""
        cases = counted(found.cases, "case")
        self._said.setText(
            f"{cases}, {found.undecided} without a preference, "
            f"{found.seconds / 60:.1f} min of reading."
        )
        fill_table(self.models, [_model_row(found, m, titles) for m in found.preferences], names=1)
        self.models.setColumnHidden(2, not found.ratings)
        self.models.setColumnHidden(3, not found.ratings)
        self.models.setColumnHidden(4, not found.ratings)
        pairs = [
            (
                titles.get(pair.first, pair.first),
                titles.get(pair.second, pair.second),
                f"{pair.first_wins} / {pair.ties} / {pair.second_wins}",
                p_value(pair.sign_p),
                p_value(pair.holm_p),
            )
            for pair in found.pairs
        ]
        fill_table(self.pairs, pairs, names=2)
        self._agreement.setText(_agreement(found))


def _model_row(found: Unblinded, model: str, titles: Mapping[str, str]) -> tuple[str, ...]:
    rated = found.ratings.get(model)
    figures = (
        (MISSING,) * 3
        if rated is None
        else (
            number(rated.mean, 2),
            number(rated.median, 1),
            number(rated.standard_deviation, 2),
        )
    )
    return (titles.get(model, model), str(found.preferences[model]), *figures)


def _agreement(found: Unblinded) -> str:
    told = found.agreement
    if told is None:
        return "No case was shown twice: agreement with oneself is not known."
    kappa = "undefined" if told.kappa is None else number(told.kappa, 2)
    return (
        f"Agreement with oneself: {told.same} of {told.n} answers to cases shown twice were the "
        f"same, Cohen's kappa {kappa}."
    )


def _table(heads: Sequence[str], names: int, said: str) -> QTableWidget:
    table = QTableWidget(0, len(heads))
    table.setAccessibleName(said)
    prepare_table(table, heads, names=names)
    return table
