"""One bad byte in a file of Overread is a sentence or nothing, never the end of everything."""

from pathlib import Path

import msgspec
import pytest

from core.io.json_file import decode_json
from core.models.promotion import HISTORY_FILE, champion_history
from core.models.registry import CHAMPION_FILE, MODEL_SPEC, ModelSpec, Registry
from core.workspace.settings import Settings, load_settings
from tests.synthetic import publish_unet

BAD = [b"", b"\xff\xfe{}", b'{"id": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000, b"null", b"7"]


@pytest.mark.parametrize("content", BAD)
def test_bad_json_is_one_kind_of_error(content: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(content, dict[str, str])


@pytest.mark.parametrize("content", BAD)
def test_a_bad_state_file_leaves_the_rest(tmp_path: Path, content: bytes) -> None:
    publish_unet(tmp_path, "good")
    (tmp_path / CHAMPION_FILE).write_bytes(content)
    (tmp_path / HISTORY_FILE).write_bytes(content)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.json").write_bytes(content)
    registry = Registry((tmp_path,))
    models, problems = registry.models()
    assert [model.spec.id for model in models] == ["good"]
    assert len(problems) == 1
    assert registry.champion().spec.id == "good"
    assert champion_history(registry) == []
    assert load_settings(tmp_path / CHAMPION_FILE) == Settings()


@pytest.mark.parametrize("members", [("own", "own"), ("../good", "good"), ("other", "good")])
def test_an_ensemble_in_a_circle_or_outside_is_a_line(
    tmp_path: Path, members: tuple[str, ...]
) -> None:
    publish_unet(tmp_path, "good")
    spec = ModelSpec(id="own", title="Own", architecture="ensemble", members=members)
    MODEL_SPEC.write(tmp_path / "own", spec)
    other = ModelSpec(id="other", title="Other", architecture="ensemble", members=("own", "good"))
    MODEL_SPEC.write(tmp_path / "other", other)
    models, problems = Registry((tmp_path,)).models()
    assert [model.spec.id for model in models] == ["good"]
    assert len(problems) == 2
