"""Files that are no weights, named as what they are: pages of HTML, empty ones, those that are cut off."""

from __future__ import annotations

import json
from pathlib import Path

from archdsl_torch.pickles import Damaged

BEGINNING = 512  # bytes that tell what a file is

# What files begin with that are mistaken for weights, or are what a failed download leaves.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (
        b"version https://git-lfs",
        "it is a pointer of Git LFS; `git lfs pull` fetches the file itself",
    ),
    (b"\x1f\x8b", "it is packed by gzip: unpack it first"),
    (b"BZh", "it is packed by bzip2: unpack it first"),
    (b"\xfd7zXZ", "it is packed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is packed by zstd: unpack it first"),
    (b"7z\xbc\xaf", "it is an archive of 7-Zip: unpack it first"),
    (b"Rar!", "it is an archive of RAR: unpack it first"),
    (b"\x89HDF", "it is HDF5, as Keras saves it; PyTorch's file of the model is read"),
    (b"\x93NUMPY", "it is a single array of numpy, without names"),
    (b"GGUF", "it is GGUF; PyTorch's file of the model is read"),
    (b"arch ", "it is a text of this language, not weights"),
)
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<script")
_PICKLES = b"\x80(c}d]l"  # what a pickle of any protocol that holds a mapping begins with


def refuse(start: bytes, size: int) -> None:
    """Raises Damaged for a file whose first bytes say that it holds no weights; `size` is its own."""
    if size == 0:
        raise Damaged("it is empty")
    said = next((what for mark, what in _MARKS if start.startswith(mark)), None)
    if said is not None:
        raise Damaged(said)
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGES):
        raise Damaged(
            "it is a page of HTML: what was downloaded is a web page, not the file"
        )
    if start[257:262] == b"ustar":
        raise Damaged("it is a tar archive: unpack it first")
    if not start.strip(b"\0"):
        raise Damaged("it begins with zeros: a download that has not written its numbers")
    is_safetensors = start[8:9] == b"{"
    if not is_safetensors and not start.startswith(b"PK") and start[0] not in _PICKLES:
        raise Damaged(
            "its first bytes are those of no file of weights (safetensors, `torch.save`, a pickle)"
        )


def of_zip(path: Path, reason: str) -> str:
    """What is wrong with a damaged zip file: mostly its end is not there, where its parts are listed."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 66_000))
        if b"PK\5\6" not in file.read():
            return "it is cut off: the end is missing, where a file of `torch.save` lists its parts"
    return reason


def cut_off(path: Path, size: int) -> str | None:
    """That a safetensors file ends before the numbers of which its header tells; None if it does not."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(min(length, 100_000_000))
    try:
        tensors = json.loads(header)
        ends = [
            tensor["data_offsets"][1]
            for name, tensor in tensors.items()
            if name != "__metadata__"
        ]
        wanted = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    if not isinstance(wanted, int) or wanted <= size:
        return None
    return f"it is cut off: it should have {wanted:,} bytes and has {size:,}"
