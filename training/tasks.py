"""What can be trained: each task by the module that trains it."""

from core.jobs.classify_spec import TaskName
from core.models.classifiers import ClassifierModel
from core.models.guides import GuideModel
from core.models.registry import Model, Registry
from training.command import train
from training.guide.command import train_guide
from training.run.train_options import TrainOptions
from training.triage.command import train_classifier

Trained = Model | ClassifierModel | GuideModel


def train_task(task: str, options: TrainOptions, models: Registry) -> Trained | None:
    """Train what the options say for a task, `segment` by default; None when it was paused."""
    if task == "segment":
        return train(options, models)
    if task == "guide":
        return train_guide(options, models)
    classified: TaskName = "triage" if task == "triage" else "classify"
    return train_classifier(classified, options, models.roots[0])
