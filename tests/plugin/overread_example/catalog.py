"""The row of the catalogue: imports no torch, so that Overread starts fast."""

from typing import Annotated

from msgspec import Meta

from overread import Architecture, Arguments


class ExampleArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of `example-net`."""

    width: Annotated[int, Meta(ge=1, description="channels between the two convolutions")] = 4


ARCHITECTURE = Architecture(
    id="example-net",
    title="Example",
    credit="two convolutions, for the tests",
    module="overread_example.network",
    factory="ExampleNet",
    accepts=ExampleArguments,
)
