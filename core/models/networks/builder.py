"""From the description of a network to the network."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.domain.errors import DataError, ModelError
from core.domain.plugins import guarded
from core.io.memory import require_memory
from core.models.networks.arguments import Arguments, ArgumentValue
from core.models.networks.catalog import ARCHITECTURES, CLASSIFIERS, Architecture, EncoderArguments
from core.models.networks.network import Classifier, Network
from core.models.networks.spec import Catalogue, NetworkSpec, find_architecture, resolve_arguments

_FAILURES = (
    *(RuntimeError, MemoryError, TypeError, ValueError, OverflowError, KeyError, AttributeError),
    *(AssertionError, NotImplementedError, ZeroDivisionError, IndexError),
)
_LARGE = 64
_SAID = 200


def build_network(spec: NetworkSpec, outputs: int = 1, *, load_encoder: bool = True) -> Network:
    """Return the network of a spec, with new weights, in training mode, on the CPU.

    `outputs` are its logits a pixel; a binary one has one, and nothing is said of it to its maker.
    `load_encoder=False` leaves the file of `encoder_weights` alone: for a network whose trained
    weights are loaded next, on a machine that need not have that file. Raises ModelError for an
    unknown architecture, wrong arguments or a file of weights that does not fit.
    """
    make, arguments = _resolved(spec, ARCHITECTURES, load_encoder=load_encoder)
    asked = {} if outputs == 1 else {"outputs": outputs}
    network: Network = _built(lambda: make(spec.in_channels, arguments, **asked), spec)
    return network


def build_classifier(spec: NetworkSpec, classes: int, *, load_encoder: bool = True) -> Classifier:
    """Return the classifier of a spec with one logit a class; otherwise as `build_network`."""
    make, arguments = _resolved(spec, CLASSIFIERS, load_encoder=load_encoder)
    classifier: Classifier = _built(
        lambda: make(spec.in_channels, arguments, classes=classes), spec
    )
    return classifier


@contextmanager
def shapes_alone() -> Iterator[None]:
    """Let networks be built meanwhile that have the shapes of their weights, and no byte of them.

    None is drawn either: to draw what has no bytes torch would load its compiler, which takes
    longer than to load torch.
    """
    with torch.device("meta"), _Undrawn():
        yield


class _Undrawn(TorchFunctionMode):
    """While entered, tensors that are to be filled with random numbers stay as they are."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call `func`, unless it draws."""
        given = kwargs or {}
        if func in _DRAWING or getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else given["tensor"]
        return func(*args, **given)


_DRAWING = frozenset((Tensor.normal_, Tensor.uniform_))


def _built(make: Callable[[], Any], spec: NetworkSpec) -> Any:
    """Return what `make` makes; raises ModelError where arguments do not fit, or no memory does."""
    try:
        if _is_large(spec):
            with shapes_alone():
                weights = sum(weight.nbytes for weight in make().parameters())
            require_memory(f"{spec.architecture} with {spec.arguments}", weights)
        return make()
    except ModelError:
        raise
    except DataError as error:
        raise ModelError(str(error)) from error
    except _FAILURES as error:
        raise ModelError(
            f"Expected arguments that {spec.architecture} can be built with, found "
            f"{spec.arguments}, of which it says: {str(error)[:_SAID]}. Correct them."
        ) from error


def _is_large(spec: NetworkSpec) -> bool:
    values = [v for value in spec.arguments.values() for v in _each(value)]
    return spec.in_channels > _LARGE or any(value > _LARGE for value in values)


def _each(value: ArgumentValue) -> Sequence[float]:
    if isinstance(value, list):
        return value
    return () if isinstance(value, str) else (value,)


def _resolved(
    spec: NetworkSpec, catalogue: Catalogue, *, load_encoder: bool
) -> tuple[Callable[..., Any], Arguments]:
    """Return what makes the network, and its complete arguments."""
    architecture = find_architecture(spec.architecture, catalogue)
    arguments = resolve_arguments(spec, catalogue)
    if isinstance(arguments, EncoderArguments) and not load_encoder:
        arguments = msgspec.structs.replace(arguments, encoder_weights="")
    return _factory(architecture), arguments


def _factory(architecture: Architecture) -> Callable[..., Any]:
    """Return what makes a network; that of another package raises `ModelError` alone."""

    def load() -> Callable[..., Any]:
        make: Callable[..., Any] = getattr(import_module(architecture.module), architecture.factory)
        return make

    try:
        if architecture.module.startswith(f"{__package__}."):
            return load()
        package = architecture.module.partition(".")[0]
        who = f"{architecture.id} of the package {package}"
        return guarded(guarded(load, who, ModelError)(), who, ModelError)
    except ModuleNotFoundError as error:
        raise ModelError(
            f"Expected the library {error.name}, which {architecture.id} needs, found that it is "
            f"not installed. Install it with pip, or choose another architecture."
        ) from error
