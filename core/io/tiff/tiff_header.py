"""What the header of a TIFF claims, before a byte of its pixels is decoded."""

from tifffile import TiffFile, TiffPage

_MAX_SIDE = 8192  # a damaged header claims millions, and memory for them


def unsound(file: TiffFile, page: TiffPage, *, images: int = 1) -> str:
    """Return what is wrong with the claims of a page's header; empty where nothing is.

    `images` tells how many lie one after the other behind one header, as ImageJ writes them.
    """
    sides = (page.imagelength, page.imagewidth, page.samplesperpixel, page.imagedepth)
    if min(sides) < 1 or max(sides) > _MAX_SIDE:
        return f"a header that claims {shape_told(page)}"
    size = file.filehandle.size
    behind = page.nbytes * images if images > 1 and len(file.pages) == 1 else 0
    if behind and page.is_contiguous and page.dataoffsets and page.dataoffsets[0] + behind > size:
        return "a truncated TIFF"
    # Some decoders fill up with grey what the file no longer holds.
    ends = [sum(part) for part in zip(page.dataoffsets, page.databytecounts, strict=True)]
    return "" if ends and max(ends) <= size else "a truncated TIFF"


def shape_told(page: TiffPage) -> str:
    """Return the shape of a page as it is told: `256×256×3 pixels`."""
    return f"{'×'.join(map(str, page.shape))} pixels"
