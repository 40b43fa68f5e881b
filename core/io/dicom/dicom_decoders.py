"""JPEG decoders of imagecodecs as a plugin of pydicom: lossless JPEG and 12 bit JPEG.

pydicom's own decoders of these are under a licence that does not fit; 8 bit JPEG, JPEG-LS,
JPEG 2000 and RLE have decoders that do.
"""

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

DECODER_DEPENDENCIES = {
    uid.JPEGLossless: ("imagecodecs",),
    uid.JPEGLosslessSV1: ("imagecodecs",),
    uid.JPEGExtended12Bit: ("imagecodecs",),
}
_LABEL = "overread"


def is_available(syntax: str) -> bool:
    """Tell pydicom whether this plugin decodes a transfer syntax."""
    return syntax in DECODER_DEPENDENCIES


def decode(source: bytes, runner: DecodeRunner) -> bytearray:
    """Return the pixels of one compressed frame, as pydicom asks a plugin for them."""
    if runner.transfer_syntax == uid.JPEGExtended12Bit:
        pixels = imagecodecs.jpeg8_decode(source)
    else:
        pixels = imagecodecs.jpegsof3_decode(source)
    bits = 16 if pixels.dtype.itemsize == 2 else 8
    runner.set_option("bits_allocated", bits)
    return bytearray(np.ascontiguousarray(pixels).tobytes())


def install() -> None:
    """Make pydicom use these decoders; calling it again changes nothing."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "decode"))
