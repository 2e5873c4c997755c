"""Arrays of an `.npz` file, read only after its own words were found to agree with it.

A file of a few hundred bytes can say that it holds 10¹⁵ numbers, or hold gigabytes of zeros packed into
kilobytes. So the size that an array's header states must be the size of what lies in the file, and what is
packed may be at most `MOST_UNPACKED` bytes; what lies there plainly is as large as the file itself.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

MOST_UNPACKED = 1 << 30  # bytes of all packed arrays that are read
_SUFFIX = ".npy"
_HEADERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def read_arrays(path: Path, names: Iterable[str]) -> tuple[dict[str, Any], Sequence[str]]:
    """Those of the named arrays that a file has, and the names of all of them.

    Raises ValueError where it is no such file, where sizes do not agree or are too large, and for arrays of
    objects, which could run code; OSError as reading does.
    """
    if not path.is_file():
        raise ValueError("it is no regular file" if path.exists() else "No such file")
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no file of arrays; `numpy.savez(FILE, x=…, y=…)` makes one")
    try:
        with ZipFile(path) as held:
            members = {m.filename.removesuffix(_SUFFIX): m for m in held.infolist()}
            wanted = {name: members[name] for name in names if name in members}
            _check_sizes(wanted.values(), path.stat().st_size)
            return {name: _read(held, member) for name, member in wanted.items()}, list(
                members
            )
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ) as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _check_sizes(members: Iterable[ZipInfo], there: int) -> None:
    packed = [m for m in members if m.compress_type != zipfile.ZIP_STORED]
    unpacked = sum(m.file_size for m in packed)
    if unpacked > MOST_UNPACKED:
        most = MOST_UNPACKED >> 30
        raise ValueError(
            f"it unpacks to {unpacked:,} bytes, more than {most} GiB; `numpy.savez` stores arrays as they are"
        )
    for member in members:
        if member.compress_type == zipfile.ZIP_STORED and member.file_size > there:
            raise ValueError(
                f"`{member.filename}` is said to have {member.file_size:,} bytes, the file {there:,}"
            )


def _read(held: ZipFile, member: ZipInfo) -> Any:
    with held.open(member) as file:
        header = _HEADERS.get(npy.read_magic(file))
        if header is None:
            raise ValueError(f"`{member.filename}` has an unknown form")
        shape, _, dtype = header(file)
        stated, there = (
            prod(shape) * dtype.itemsize,
            member.file_size - file.tell(),
        )
        if dtype.hasobject:
            raise ValueError(f"`{member.filename}` holds objects, not numbers")
        if stated != there:
            raise ValueError(
                f"`{member.filename}` says that it has {stated:,} bytes, and has {there:,}"
            )
    with held.open(member) as file:
        return npy.read_array(file, allow_pickle=False)


def is_number(dtype: Any) -> bool:
    """Whether examples may be of it: floating point, or bytes."""
    return bool(dtype.kind == "f" or dtype == np.uint8)
