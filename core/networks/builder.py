"""From the description of a network to the network."""

from importlib import import_module

import msgspec

from core.errors import ModelError
from core.networks.catalog import EncoderArguments
from core.networks.network import Network
from core.networks.spec import NetworkSpec, find_architecture, resolve_arguments


def build_network(spec: NetworkSpec, *, load_encoder: bool = True) -> Network:
    """Return the network of a spec, with new weights, in training mode, on the CPU.

    `load_encoder=False` leaves the file of `encoder_weights` alone: for a network whose trained
    weights are loaded next, on a machine that need not have that file. Raises ModelError for an
    unknown architecture, wrong arguments or a file of weights that does not fit.
    """
    architecture = find_architecture(spec.architecture)
    arguments = resolve_arguments(spec)
    if isinstance(arguments, EncoderArguments) and not load_encoder:
        arguments = msgspec.structs.replace(arguments, encoder_weights="")
    try:
        module = import_module(architecture.module)
    except ModuleNotFoundError as error:
        raise ModelError(
            f"Expected the library {error.name}, which {architecture.id} needs, found that it is "
            f"not installed. Install it with pip, or choose another architecture."
        ) from error
    network: Network = getattr(module, architecture.factory)(spec.in_channels, arguments)
    return network
