"""What a model costs, measured by running it once in torch. Imports torch."""

from core.models.networks.builder import build_network
from core.models.networks.complexity import Complexity, measure_network
from core.models.registry import Model


def complexity(model: Model) -> Complexity:
    """Measure what a model costs: the sums over an ensemble, the memory of its largest member."""
    found = [_measured(member) for member in model.members or (model,)]
    return Complexity(
        parameters=sum(each.parameters for each in found),
        gmac=sum(each.gmac for each in found),
        batch_megabytes=max(each.batch_megabytes for each in found),
    )


def _measured(model: Model) -> Complexity:
    spec = model.spec.network
    network = build_network(spec, model.spec.logits, load_encoder=False)
    return measure_network(network, in_channels=spec.in_channels)
