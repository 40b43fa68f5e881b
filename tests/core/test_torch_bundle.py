"""A bundle of MONAI: what its own parser makes of it computes what the model computes."""

import json
from pathlib import Path

import pytest
import torch

from core.domain.errors import ModelError
from core.inference.model_export import export_model
from core.inference.torch_network import trained_network
from tests.classifiers import publish_classifier
from tests.synthetic import publish_unet


def _parsed(folder: Path, name: str) -> object:
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(folder / "configs" / "inference.json"))
    parser.read_meta(str(folder / "configs" / "metadata.json"))
    parser["bundle_root"] = str(folder)
    parser["device"] = "$torch.device('cpu')"
    return parser.get_parsed_content(name)


@pytest.mark.filterwarnings("default")
def test_monai_runs_the_bundle_of_a_model(tmp_path: Path) -> None:
    model = publish_unet(tmp_path / "models", "net", logit_offset=0.5)
    folder = export_model(model, tmp_path / "bundle", "bundle")
    said = json.loads((folder / "configs" / "metadata.json").read_text())
    image = said["network_data_format"]["inputs"]["image"]
    slices = torch.rand(2, image["num_channels"], *image["spatial_shape"])
    with torch.inference_mode():
        wanted = trained_network(model).eval()(slices)
        found = _parsed(folder, "network")(slices)  # type: ignore[operator]
        chances = _parsed(folder, "probabilities")(found)  # type: ignore[operator]
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(chances, torch.sigmoid(wanted + 0.5), atol=1e-4, rtol=1e-4)
    assert json.loads((folder / "overread.json").read_text())["id"] == "net"
    with pytest.raises(ModelError, match="expected a name that is free"):
        export_model(model, tmp_path / "bundle", "bundle")


@pytest.mark.filterwarnings("default")
def test_monai_runs_the_bundle_of_a_classifier(tmp_path: Path) -> None:
    model = publish_classifier(tmp_path / "models")
    folder = export_model(model, tmp_path / "bundle", "bundle")
    said = json.loads((folder / "configs" / "metadata.json").read_text())
    assert said["network_data_format"]["outputs"]["pred"]["channel_def"]["1"] == "lesion"
    slices = torch.rand(1, model.spec.network.in_channels, 32, 32)
    with torch.inference_mode():
        found = _parsed(folder, "network")(slices)  # type: ignore[operator]
        chances = _parsed(folder, "probabilities")(found)  # type: ignore[operator]
    assert float(chances.sum()) == pytest.approx(1.0, abs=1e-5)
