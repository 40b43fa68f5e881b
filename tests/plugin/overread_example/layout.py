"""A folder of files of the example's format: each is a case of one channel."""

from overread import Folder, FoundCase, FoundChannel, FoundDataset, Layout, Role


def _names(tree: Folder) -> list[str]:
    return [name for name in tree.files if name.endswith(".example")]


def _case(tree: Folder, name: str) -> FoundCase:
    image = FoundChannel("image", Role.OTHER, (tree.path / name,))
    return FoundCase(name.removesuffix(".example"), (image,))


def _find(tree: Folder) -> FoundDataset:
    cases = tuple(_case(tree, name) for name in _names(tree))
    return FoundDataset("example", tree.path, cases)


LAYOUT = Layout("example", "Example", lambda tree: bool(_names(tree)), _find)
