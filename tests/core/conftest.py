"""Fixtures of the tests of the core."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

from core.domain.model_output import ModelOutput
from core.inference.model_graph import prepare_graph
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, read_model
from tests.core.test_model_output import TUMOUR
from tests.made_once import made_once
from tests.synthetic import publish_unet

Said: TypeAlias = Literal["one", "classes", "regions"]
"""What a model says: one foreground, or one of several labels in either way."""
Graphed: TypeAlias = Callable[[Said], Model]


@pytest.fixture(scope="session")
def graphed(tmp_path_factory: pytest.TempPathFactory) -> Graphed:
    """Models `tiny` that see squares of 32 pixels, with their graphs, which take long to make.

    No test may write into their folders.
    """

    def made(said: Said) -> Model:
        def publish(place: Path) -> None:
            fields: dict[str, object] = {"preprocessing": Preprocessing(crop="head", size=32)}
            if said == "one":
                fields["logit_offset"] = 0.3
            else:
                fields["output"] = ModelOutput(kind=said, labels=TUMOUR)
            prepare_graph(publish_unet(place, **fields))

        return read_model(made_once(tmp_path_factory, f"graphed {said}", publish) / "tiny")

    return made
