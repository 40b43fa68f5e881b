"""What the correction on screen started from, said in words."""

from core.annotation.draft import Origin
from gui.shell.session import Session


def origin_title(session: Session, origin: Origin) -> str:
    """Say what a correction started from in few words, as it stands in narrow rows."""
    if origin.kind == "prediction":
        titles = {model.spec.id: model.spec.title for model in session.models.available}
        return titles.get(origin.model_id, origin.model_id)
    if origin.kind == "version":
        return f"version {origin.version}"
    return "the truth" if origin.kind == "ground_truth" else "nothing"


def other_origin(session: Session) -> str:
    """Say what the correction started from where that is not the model in use; else nothing."""
    correction, model = session.correction, session.models.current
    if correction is None:
        return ""
    origin = correction.origin
    same = origin.kind == "prediction" and model is not None and origin.model_id == model.spec.id
    return "" if same else origin_title(session, origin)
