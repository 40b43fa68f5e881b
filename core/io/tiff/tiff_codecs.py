"""What tifffile decodes LZW with: libtiff, because imagecodecs' own decoder writes out of bounds.

One damaged byte in an LZW strip ends the process there (imagecodecs 2026.3.6). Whoever opens a
TIFF takes `TiffFile` and `imread` from here.
"""

import struct
from collections import ChainMap

import imagecodecs
from tifffile import COMPRESSION, TIFF, TiffFile, imread

__all__ = ["TiffFile", "decode_lzw", "imread"]

_CLEAR, _END, _WIDEST = 256, 257, 12
_LARGEST = 2**31 - 1
_ENTRIES = 4096 - 258
_SLOW = 2**21  # a second or two in steps; such strips hold packed bits, and are small


def decode_lzw(data: bytes, /, *, out: int) -> bytes:
    """Return at most `out` bytes of an LZW strip; raises `ValueError` for a damaged one."""
    if out <= 0:
        return b""
    try:
        decoded: bytes = imagecodecs.tiff_decode(_one_strip(data, out)).tobytes()
    except imagecodecs.TiffError:
        # Samples of fewer than 8 bits: tifffile asks for more bytes than the strip has.
        if len(data) > _SLOW:
            raise
        return _decode_slowly(data, out)
    return decoded


def _one_strip(data: bytes, size: int) -> bytes:
    """Return a TIFF file of one row of `size` bytes whose only strip is `data`."""
    if size > _LARGEST:
        raise ValueError(f"a strip of {size} bytes")
    tags = (
        *((256, 4, size), (257, 4, 1), (258, 3, 8), (259, 3, COMPRESSION.LZW), (262, 3, 1)),
        *((273, 4, 8), (277, 3, 1), (278, 4, 1), (279, 4, len(data))),
    )
    padded = data + b"\0" * (len(data) % 2)
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(padded))
    return head + padded + struct.pack("<H", len(tags)) + directory + struct.pack("<I", 0)


def _decode_slowly(data: bytes, limit: int) -> bytes:
    """Return what a strip holds up to its end code, in checked steps."""
    table: list[bytes] = []
    found = bytearray()
    before = b""
    held, bits, width = 0, 0, 9
    for byte in data:
        held, bits = (held << 8) | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code == _END or len(found) >= limit:
            break
        if code == _CLEAR:
            table, before, width = [], b"", 9
            continue
        word = _word(code, table, before)
        found += word
        if before and len(table) < _ENTRIES:
            table.append(before + word[:1])
        before = word
        # The encoder widens its codes one earlier than it must.
        width = min(max((len(table) + 259).bit_length(), 9), _WIDEST)
    return bytes(found[:limit])


def _word(code: int, table: list[bytes], before: bytes) -> bytes:
    if code < _CLEAR:
        return bytes((code,))
    at = code - _END - 1
    if at < len(table):
        return table[at]
    if at == len(table) and before:
        return before + before[:1]
    raise ValueError("an LZW code that stands for nothing")


TIFF.DECOMPRESSORS = ChainMap({COMPRESSION.LZW.value: decode_lzw}, TIFF.DECOMPRESSORS)  # type: ignore[arg-type]
