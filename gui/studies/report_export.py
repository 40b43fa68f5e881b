"""Writes reports; on a worker, each file atomically, never into the dataset."""

from pathlib import Path

from core.domain.progress import Progress, part
from core.io.atomic import write_bytes
from core.io.write_guard import refuse_inside
from core.review.signature import SIGNED_FILE, signed_cases, signed_csv
from core.studies.comparison.html_report import html
from core.studies.comparison.study_report import figures_csv, reviews_csv
from core.studies.scores.reader_records import write_measured
from gui.studies.export_dialog import ExportWanted
from gui.studies.report_pdf import write_pdf
from gui.studies.report_source import ReportSource, gather_report

REPORT_NAME = "report"


def export_report(source: ReportSource, wanted: ExportWanted, progress: Progress) -> list[Path]:
    """Write the kinds `html`, `pdf` and `csv` that are wanted; returns the files.

    Raises `DataError` for a folder inside the dataset and where there is nothing to report.
    """
    refuse_inside(source.place.dataset.root, wanted.folder)
    progress(0.0, "reading the comparison")
    report = gather_report(source, progress)
    out, written = wanted.folder, list[Path]()
    if wanted.kinds & {"html", "pdf"}:
        progress(0.4, "drawing figures")
        text = html(report)
        if "html" in wanted.kinds:
            written.append(out / f"{REPORT_NAME}.html")
            write_bytes(written[-1], text.encode())
        if "pdf" in wanted.kinds:
            written.append(out / f"{REPORT_NAME}.pdf")
            write_pdf(written[-1], text, title=report.title, progress=part(progress, 0.6, 0.95))
    if "csv" in wanted.kinds:
        progress(0.95, "writing tables")
        written += [out / "comparison.csv", out / "reviews.csv"]
        figures_csv(written[-2], report.study.rows)
        said = report.reviews
        reviews_csv(written[-1], [said[case] for case in sorted(said)])
        written += write_measured(out, report.measured)
        signed = signed_cases(source.place.workspace.store)
        if signed:
            written.append(out / SIGNED_FILE)
            signed_csv(written[-1], [signed[case] for case in sorted(signed)])
    return written
