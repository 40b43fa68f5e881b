"""What the window and the process that runs models say to each other: framed msgpack.

A frame is eight bytes of length, the highest first, then one message. Pixels and probabilities
travel as bytes.
"""

import struct
from typing import IO, TypeAlias

import msgspec

_LENGTH = struct.Struct(">Q")


class PredictRequest(msgspec.Struct, frozen=True, tag="predict"):
    """Run the model in `folder` on `pixels` (C, Z, Y, X); slices nearest `first` go first.

    `spacing_mm` is that of a voxel (z, y, x), None where it is unknown.

    `flips` averages with the mirrored slice; `engine` and `precision` are what is wanted of it.
    """

    folder: str
    pixels: bytes
    shape: tuple[int, int, int, int]
    dtype: str
    channels: tuple[str, ...]
    device: str
    first: int
    flips: bool
    engine: str = "auto"
    precision: str = "auto"
    spacing_mm: tuple[float, float, float] | None = None


class TriageRequest(msgspec.Struct, frozen=True, tag="triage"):
    """Run the classifier in `folder` on the slices of `pixels` (C, Z, Y, X)."""

    folder: str
    pixels: bytes
    shape: tuple[int, int, int, int]
    dtype: str
    channels: tuple[str, ...]
    device: str
    spacing_mm: tuple[float, float, float] | None = None


class GuideRequest(msgspec.Struct, frozen=True, tag="guide"):
    """Answer a click by the guide in `folder`: float32 `values` (B, C, h, w) are what it sees."""

    folder: str
    values: bytes
    shape: tuple[int, int, int, int]


class DevicesRequest(msgspec.Struct, frozen=True, tag="devices"):
    """Ask which devices there are; starts the process, so that the next run starts at once."""


class ComplexityRequest(msgspec.Struct, frozen=True, tag="complexity"):
    """Measure the network of the model in `folder`."""

    folder: str


class CancelRequest(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop the run after the batch in hand."""


class Slices(msgspec.Struct, frozen=True, tag="slices"):
    """Quantised probabilities (B, Y, X) of the slices `indices`."""

    indices: list[int]
    probability: bytes


class RunProgressed(msgspec.Struct, frozen=True, tag="progress"):
    """How far the run is."""

    fraction: float
    message: str


class Predicted(msgspec.Struct, frozen=True, tag="predicted"):
    """The run is done; its slices were sent before."""

    key: str
    device: str
    seconds: float


class Triaged(msgspec.Struct, frozen=True, tag="triaged"):
    """The probability of each slice to hold a lesion."""

    probability: list[float]
    device: str
    seconds: float


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The float32 logits (B, 1, h, w) of a guide."""

    logits: bytes


class Devices(msgspec.Struct, frozen=True, tag="devices"):
    """Devices a model can run on, the fastest first."""

    names: list[str]


class NetworkCost(msgspec.Struct, frozen=True, tag="measured"):
    """Size and cost of a network: multiply-adds of a 256×256 slice, memory of a batch."""

    parameters: int
    gmac: float
    batch_megabytes: float


class RunFailed(msgspec.Struct, frozen=True, tag="failed"):
    """The request failed: a sentence, and `details` when it was a fault of Overread."""

    message: str
    details: str = ""


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The run was cancelled."""


EngineRequest: TypeAlias = (
    PredictRequest
    | TriageRequest
    | GuideRequest
    | DevicesRequest
    | ComplexityRequest
    | CancelRequest
)
EngineReply: TypeAlias = (
    Slices
    | RunProgressed
    | Predicted
    | Triaged
    | Answered
    | Devices
    | NetworkCost
    | RunFailed
    | Stopped
)


def write_message(stream: IO[bytes], message: EngineRequest | EngineReply) -> None:
    """Write one frame and flush it."""
    body = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_request(stream: IO[bytes]) -> EngineRequest | None:
    """Return the next request, or None when the window has closed the pipe."""
    body = _frame(stream)
    return None if body is None else msgspec.msgpack.decode(body, type=EngineRequest)


def read_reply(stream: IO[bytes]) -> EngineReply | None:
    """Return the next reply, or None when the process has ended."""
    body = _frame(stream)
    return None if body is None else msgspec.msgpack.decode(body, type=EngineReply)


def _frame(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None
