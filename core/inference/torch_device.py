"""Devices, precision, threads and memory of torch. Imports torch."""

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager

import torch

from core.domain.errors import ModelError

_NO_MEMORY = re.compile("can't allocate memory|not enough memory|out of memory")


def torch_devices() -> list[str]:
    """Return the devices a model can run on here, the fastest first."""
    found = [f"cuda:{n}" for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def resolve_device(wanted: str) -> torch.device:
    """Return the device `wanted`, or the fastest for `auto`; raises `ModelError` for others."""
    there = torch_devices()
    if wanted == "auto":
        return torch.device(there[0])
    name = "cuda:0" if wanted == "cuda" else wanted
    if name not in there:
        raise ModelError(
            f"Expected a device among auto, {', '.join(there)}, found {wanted!r}. Choose one."
        )
    return torch.device(name)


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """Return the mixed precision that pays on `device`: bfloat16 where it is native, else fp16."""
    if device.type == "cpu":
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bool(native))
    if device.type == "cuda":
        bf16 = torch.cuda.is_bf16_supported()
        return torch.autocast("cuda", dtype=torch.bfloat16 if bf16 else torch.float16)
    return torch.autocast(device.type, dtype=torch.float16)


def limit_threads(count: int | None = None) -> None:
    """Let torch use `count` threads; by default those this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(count or allowed or 1)


@contextlib.contextmanager
def memory_errors_ignored() -> Iterator[None]:
    """Let a block end early when memory runs out, on whatever device; other errors pass."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        return
    except RuntimeError as error:
        # The CPU and MPS say it in words alone.
        if not _NO_MEMORY.search(str(error)):
            raise


def release_memory() -> None:
    """Hand cached memory of the graphics card back to the system."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
