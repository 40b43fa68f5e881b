"""The pages of a report: no heading stands alone at the foot of one."""

import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QTextBlock, QTextDocument
from PySide6.QtWidgets import QApplication

from gui.studies.report_pages import lay_out

PAGE = QSizeF(600, 400)
TABLE = f"<table>{'<tr><td>a</td><td>b</td></tr>' * 9}</table>"


def blocks(document: QTextDocument) -> list[QTextBlock]:
    found, block = [], document.begin()
    while block.isValid():
        found.append(block)
        block = block.next()
    return found


def page_of(document: QTextDocument, block: QTextBlock) -> int:
    return int(document.documentLayout().blockBoundingRect(block).top() // PAGE.height())


@pytest.mark.parametrize("lines", range(10, 26))
@pytest.mark.parametrize("after", ["<p>What it says.</p>", TABLE])
def test_a_heading_goes_with_what_follows_it(qapp: QApplication, lines: int, after: str) -> None:
    text = f"{'<p>A line.</p>' * lines}<h2>Cases</h2><h3>Worst</h3>{after}"
    document = lay_out(text, PAGE)
    named = {block.text(): block for block in blocks(document) if block.text()}
    following = named["What it says." if "says" in after else "a"]
    first = next(b for b in blocks(document) if b.text() in ("What it says.", "a"))
    assert following.isValid()
    assert page_of(document, named["Cases"]) == page_of(document, named["Worst"])
    assert page_of(document, named["Worst"]) == page_of(document, first)


def test_what_is_no_heading_breaks_where_the_page_ends(qapp: QApplication) -> None:
    document = lay_out("<p>A line.</p>" * 40, PAGE)
    pages = {page_of(document, block) for block in blocks(document)}
    assert len(pages) == document.pageCount() > 1


WIDE = QSizeF(1300, 880)
STYLE = "table { border-collapse: collapse; width: 100%; margin: 8px 0; } td { padding: 4px 8px; }"
PAIR = f"<table><tr>{'<th>A</th>' * 8}</tr><tr>{'<td>Some words here</td>' * 8}</tr></table>"
CHARTS = '<figure class="chart"><img src="none"></figure>' * 3


@pytest.mark.parametrize("pairs", range(5, 12))
def test_no_line_is_lost_after_a_heading_that_begins_a_page(qapp: QApplication, pairs: int) -> None:
    shown = "".join(f'<h3>Pair {n}</h3><div class="scroll">{PAIR}</div>' for n in range(pairs))
    figures = f'<section id="figures">\n<h2>Figures</h2>\n{CHARTS}\n</section>'
    rules = f"<section><h2>Rules</h2>{'<p>What counts.</p>' * 3}</section>"
    body = f"<h1>A</h1><section><h2>Pairs</h2><p>Means.</p>{shown}</section>{figures}{rules}"
    text = f"<html><head><style>{STYLE}</style></head><body>{body}</body></html>"
    document = lay_out(text, WIDE)
    layout = document.documentLayout()
    flat = [b.text() for b in blocks(document) if layout.blockBoundingRect(b).height() <= 0]
    assert [line for line in flat if line] == []
