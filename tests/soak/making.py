"""Makes datasets and models below a folder: `python -m tests.soak.making FOLDER`."""

import sys
from pathlib import Path

from core.io.datasets.dataset import scan
from core.workspace.workspace_folder import registry
from tests.gui.tiny import keep_triages
from tests.synthetic import publish_unet, write_case

_SIDES = (96, 96)
_CASES = {"first": 10, "second": 3}


def main(folder: Path, *, models: bool) -> None:
    """Write the datasets `first` and `second` and the models of the home beside them."""
    for number, (name, count) in enumerate(_CASES.items()):
        for case in range(count):
            write_case(folder / name, f"C_{case}", 8, _SIDES, seed=case + 10 * number)
    home = folder / "home"
    if models:
        for model in ("tiny", "other"):
            publish_unet(home / "models", model)
        registry(home).promote("tiny")
    for name in _CASES:
        cases = [case.id for case in scan(folder / name).cases]
        keep_triages(home, folder / name, {case: [0.1, 0.9] for case in cases})


if __name__ == "__main__":
    main(Path(sys.argv[1]), models=True)
