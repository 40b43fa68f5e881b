"""The catalogues of networks: a row for each architecture, with the arguments it takes.

Nothing here imports torch. A new architecture is a file of its own and a row here, or a row in
another package with an entry point `overread.networks`.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.domain.plugins import plugins
from core.models.networks.arguments import Argument, Arguments, ArgumentValue, describe_arguments

_WIDEST = 1024


class UNetArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of `unet` and `attention-unet`."""

    init_features: Annotated[
        int,
        Meta(ge=1, le=_WIDEST, description="channels of the first level, doubled below"),
    ] = 32


class UNetPlusPlusArguments(UNetArguments, frozen=True, kw_only=True):
    """Arguments of `unetpp`."""

    deep_supervision: Annotated[
        bool, Meta(description="one set of logits a level, each for the loss; pruning needs it")
    ] = True
    level: Annotated[
        int, Meta(ge=1, le=4, description="level that gives the logits; deeper nodes are dropped")
    ] = 4
    ensemble: Annotated[
        bool, Meta(description="average the logits of all levels up to the chosen one")
    ] = False


class EncoderArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of networks whose encoder can start from a file of weights."""

    encoder_weights: Annotated[
        str, Meta(description="local file of torchvision weights; empty for random ones")
    ] = ""


class ResUNetArguments(EncoderArguments, frozen=True, kw_only=True):
    """Arguments of `resunet34`."""

    encoder: Annotated[
        Literal["resnet18", "resnet34", "resnet50"], Meta(description="torchvision encoder")
    ] = "resnet34"


class DenseArguments(EncoderArguments, frozen=True, kw_only=True):
    """What sets the layers of a DenseNet, in a classifier or an encoder."""

    init_features: Annotated[int, Meta(ge=1, le=_WIDEST, description="channels of the stem")] = 24
    growth_rate: Annotated[
        int, Meta(ge=1, le=_WIDEST, description="channels that each layer adds")
    ] = 12
    block_config: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=256)], ...],
        Meta(min_length=1, max_length=5, description="layers of each dense block"),
    ] = (3, 4, 6, 4)
    bn_size: Annotated[
        int, Meta(ge=1, le=64, description="bottleneck channels as a multiple of the growth rate")
    ] = 4
    compression: Annotated[
        float, Meta(gt=0, le=1, description="share of the channels a transition keeps")
    ] = 0.5
    drop_rate: Annotated[float, Meta(ge=0, lt=1, description="dropout on what each layer adds")] = (
        0.0
    )
    checkpointing: Annotated[
        bool, Meta(description="recompute bottlenecks when training, to save memory")
    ] = False


class DenseUNetArguments(DenseArguments, frozen=True, kw_only=True):
    """Arguments of `denseunet`; a preset sets all that are not given."""

    preset: Annotated[
        Literal["tiny", "densenet121"], Meta(description="sets the arguments that are not given")
    ] = "tiny"


class SEDenseUNetArguments(DenseUNetArguments, frozen=True, kw_only=True):
    """Arguments of `se-denseunet`."""

    reduction: Annotated[
        int,
        Meta(ge=1, le=_WIDEST, description="channels of a block over those of its squeeze"),
    ] = 16


class DenseNetArguments(DenseArguments, frozen=True, kw_only=True):
    """Arguments of the classifier `densenet`; a preset sets all that are not given."""

    preset: Annotated[
        Literal["tiny", "densenet121", "densenet169", "densenet201"],
        Meta(description="sets the arguments that are not given"),
    ] = "tiny"


class SEDenseNetArguments(DenseNetArguments, frozen=True, kw_only=True):
    """Arguments of the classifier `se-densenet`."""

    reduction: Annotated[
        int,
        Meta(ge=1, le=_WIDEST, description="channels of a block over those of its squeeze"),
    ] = 16


_Width = Annotated[int, Meta(ge=1, le=2048)]
_Widths = tuple[_Width, ...]
_Sides = tuple[Annotated[int, Meta(ge=1, le=15)], ...]
_Counts = tuple[Annotated[int, Meta(ge=1, le=32)], ...]


class NnUNetArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of `nnunet`; its `blocks` are convolutions, of a residual encoder blocks of two."""

    features: Annotated[
        _Widths, Meta(min_length=2, max_length=10, description="channels of each stage")
    ] = (32, 64, 128, 256, 512, 512)
    strides: Annotated[
        _Sides, Meta(min_length=2, max_length=20, description="of each stage, or y and x of each")
    ] = (1, 2, 2, 2, 2, 2)
    kernels: Annotated[
        _Sides, Meta(min_length=2, max_length=20, description="of each stage, or y and x of each")
    ] = (3, 3, 3, 3, 3, 3)
    blocks: Annotated[
        _Counts, Meta(min_length=1, max_length=10, description="blocks of each stage, or of all")
    ] = (2,)
    decoder_blocks: Annotated[
        _Counts,
        Meta(min_length=1, max_length=10, description="convolutions of each stage of the decoder"),
    ] = (2,)
    residual: Annotated[bool, Meta(description="an encoder of residual blocks")] = False
    bias: Annotated[bool, Meta(description="convolutions have a bias")] = True
    norm: Annotated[Literal["instance", "batch"], Meta(description="what is normalised over")] = (
        "instance"
    )
    activation: Annotated[
        Literal["leaky-relu", "relu"], Meta(description="leaky with a slope of 0.01")
    ] = "leaky-relu"


class MonaiUNetArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of `monai-unet`."""

    features: Annotated[
        _Widths, Meta(min_length=2, max_length=10, description="channels of each level")
    ] = (16, 32, 64, 128, 256)
    strides: Annotated[
        _Sides, Meta(min_length=1, max_length=9, description="between the levels, one fewer")
    ] = (2, 2, 2, 2)
    units: Annotated[
        int, Meta(ge=0, le=8, description="units of each residual block; 0 for plain convolutions")
    ] = 2
    kernel: Annotated[Literal[1, 3, 5, 7], Meta(description="side of the convolutions")] = 3
    up_kernel: Annotated[Literal[1, 3, 5, 7], Meta(description="side of those that enlarge")] = 3
    norm: Annotated[
        Literal["instance", "instance-affine", "batch", "none"],
        Meta(description="what is normalised over"),
    ] = "instance"
    activation: Annotated[
        Literal["prelu", "relu", "leaky-relu"], Meta(description="after each convolution")
    ] = "prelu"
    slope: Annotated[float, Meta(ge=0, le=1, description="of leaky-relu")] = 0.01
    bias: Annotated[bool, Meta(description="convolutions have a bias")] = True
    head_channels: Annotated[
        int, Meta(ge=1, le=256, description="channels before the last convolution, with units")
    ] = 2


class SmpArguments(Arguments, frozen=True, kw_only=True):
    """Arguments of `smp`; `options` takes all that are not named here."""

    decoder: Annotated[str, Meta(description="decoder of the library, such as Unet or FPN")] = (
        "Unet"
    )
    encoder: Annotated[
        str, Meta(description="encoder of the library, or one of timm's as tu-NAME")
    ] = "resnet34"
    head_stride: Annotated[
        Literal[1, 2],
        Meta(description="2 leaves out a Unet's last block and enlarges the logits twofold"),
    ] = 1
    options: dict[str, ArgumentValue] = msgspec.field(default_factory=dict)


class Architecture(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the catalogue; `module` is imported when the network is built."""

    id: str
    title: str
    credit: str
    module: str
    factory: str
    accepts: type[Arguments]
    presets: Mapping[str, Mapping[str, ArgumentValue]] = MappingProxyType({})

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The named arguments with kind, default and meaning."""
        return tuple(describe_arguments(self.accepts).values())

    @property
    def is_open(self) -> bool:
        """Whether arguments beyond the named ones are passed on to a library."""
        return "options" in self.accepts.__struct_fields__


def _dense_presets(**published: list[int]) -> Mapping[str, Mapping[str, ArgumentValue]]:
    """Return `tiny`, which is the defaults, and published DenseNets by the layers of each block."""
    common: Mapping[str, ArgumentValue] = {
        "init_features": 64,
        "growth_rate": 32,
        "bn_size": 4,
        "compression": 0.5,
    }
    rows = {n: MappingProxyType({**common, "block_config": b}) for n, b in published.items()}
    return MappingProxyType({"tiny": MappingProxyType({}), **rows})


_DENSE_PRESETS = _dense_presets(densenet121=[6, 12, 24, 16])

_ROWS = (
    Architecture(
        id="unet",
        title="U-Net",
        credit="Ronneberger, Fischer, Brox 2015, with batch normalisation; names as Buda 2019",
        module=f"{__package__}.unet",
        factory="UNet",
        accepts=UNetArguments,
    ),
    Architecture(
        id="attention-unet",
        title="Attention U-Net",
        credit="Oktay et al. 2018: additive attention gates on all skips",
        module=f"{__package__}.attention_unet",
        factory="AttentionUNet",
        accepts=UNetArguments,
    ),
    Architecture(
        id="resunet34",
        title="ResNet U-Net",
        credit="He et al. 2016 as encoder (torchvision), decoder of Ronneberger et al. 2015",
        module=f"{__package__}.resunet",
        factory="ResUNet",
        accepts=ResUNetArguments,
    ),
    Architecture(
        id="unetpp",
        title="U-Net++",
        credit="Zhou et al. 2018: nested dense skips, deep supervision, pruning",
        module=f"{__package__}.unetpp",
        factory="UNetPlusPlus",
        accepts=UNetPlusPlusArguments,
    ),
    Architecture(
        id="denseunet",
        title="Dense U-Net",
        credit="Huang et al. 2017 as encoder, decoder of Ronneberger et al. 2015",
        module=f"{__package__}.denseunet",
        factory="DenseUNet",
        accepts=DenseUNetArguments,
        presets=_DENSE_PRESETS,
    ),
    Architecture(
        id="se-denseunet",
        title="SE Dense U-Net",
        credit="Dense U-Net with squeeze-and-excitation (Hu et al. 2018) after each dense block",
        module=f"{__package__}.se_denseunet",
        factory="SEDenseUNet",
        accepts=SEDenseUNetArguments,
        presets=_DENSE_PRESETS,
    ),
    Architecture(
        id="nnunet",
        title="nnU-Net, 2-D",
        credit="Isensee et al. 2021, with a residual encoder Isensee et al. 2024",
        module=f"{__package__}.nnunet",
        factory="NnUNet",
        accepts=NnUNetArguments,
    ),
    Architecture(
        id="monai-unet",
        title="MONAI U-Net",
        credit="Kerfoot et al. 2018: residual units, learned up and down sampling",
        module=f"{__package__}.monai_unet",
        factory="MonaiUNet",
        accepts=MonaiUNetArguments,
    ),
    Architecture(
        id="smp",
        title="segmentation_models_pytorch",
        credit="Iakubovskii 2019: any decoder and encoder of the library",
        module=f"{__package__}.smp",
        factory="build_smp",
        accepts=SmpArguments,
    ),
)


class _Catalogue(Mapping[str, Architecture]):
    """Our own rows, then those of other packages, which are looked for at first need."""

    def __init__(self, own: tuple[Architecture, ...]) -> None:
        self._own = {row.id: row for row in own}

    def __getitem__(self, name: str) -> Architecture:
        return self._own[name] if name in self._own else self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Architecture]:
        added = plugins("networks", Architecture).found.values()
        others = {row.id: row for row in added if row.id not in self._own}
        return {**self._own, **others}


ARCHITECTURES: Mapping[str, Architecture] = _Catalogue(_ROWS)

_CLASSIFIER_PRESETS = _dense_presets(
    densenet121=[6, 12, 24, 16], densenet169=[6, 12, 32, 32], densenet201=[6, 12, 48, 32]
)

_CLASSIFIER_ROWS = (
    Architecture(
        id="densenet",
        title="DenseNet",
        credit="Huang et al. 2017, DenseNet-BC; names as torchvision",
        module=f"{__package__}.densenet",
        factory="DenseNet",
        accepts=DenseNetArguments,
        presets=_CLASSIFIER_PRESETS,
    ),
    Architecture(
        id="se-densenet",
        title="SE DenseNet",
        credit="DenseNet with squeeze-and-excitation (Hu et al. 2018) after each dense block",
        module=f"{__package__}.se_densenet",
        factory="SEDenseNet",
        accepts=SEDenseNetArguments,
        presets=_CLASSIFIER_PRESETS,
    ),
)

CLASSIFIERS: Mapping[str, Architecture] = MappingProxyType(
    {row.id: row for row in _CLASSIFIER_ROWS}
)
"""Networks that return class logits, apart so that none is ever taken for a segmentation."""
