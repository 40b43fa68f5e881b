"""How the worklist is listed: a value that panels show and the workspace keeps."""

import msgspec


class Listing(msgspec.Struct, frozen=True):
    """How the worklist is ordered and filtered, by names of both; `text` is the search."""

    order: str = ""
    only: str = ""
    text: str = ""
