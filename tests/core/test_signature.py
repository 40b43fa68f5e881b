"""Which contour a reader would sign: the last answer of each case counts, and is written."""

from pathlib import Path

from core.review.signature import Signed, put_signed, signed_cases, signed_csv
from core.workspace.store import Store

SHOWN = ("lite0", "lite1")


def answer(case_id: str, model: str, time: str = "2026-01-01T00:00:00Z") -> Signed:
    return Signed(case_id=case_id, shown=SHOWN, model=model, reader="Ann", time=time)


def test_the_last_answer_of_a_case_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "workspace.sqlite")
    for each in (answer("A", "lite0"), answer("B", ""), answer("A", "lite1", "later")):
        put_signed(store, each)
    store.close()
    again = Store(tmp_path / "workspace.sqlite")
    found = signed_cases(again)
    again.close()
    assert found == {"A": answer("A", "lite1", "later"), "B": answer("B", "")}

    signed_csv(tmp_path / "signed.csv", [found[name] for name in sorted(found)])
    lines = (tmp_path / "signed.csv").read_text().splitlines()
    assert lines[0] == "case,model,shown,reader,time"
    assert lines[1] == "A,lite1,lite0 lite1,Ann,later"
    assert lines[2].startswith("B,none,")
