"""Guides of clicks made by code, whose weights nobody reads."""

from pathlib import Path

from core.models.guides import GuideModel, Guides, GuideSpec


def publish_guide(root: Path, model_id: str = "clicks") -> GuideModel:
    """Publish a guide in the folder of models `root`."""
    root.mkdir(parents=True, exist_ok=True)
    weights = root / f".{model_id}.safetensors"
    weights.write_bytes(b"none")
    spec = GuideSpec(id=model_id, title=f"Tiny {model_id}", architecture="unet", window=32)
    try:
        return Guides((root,)).publish(spec, weights)
    finally:
        weights.unlink()
