"""`video:DIR`: files DIR/CLASS/*.mp4, .avi or .webm, decoded by PyAV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archdsl.diagnostics.codes import data as codes
from archdsl.diagnostics.codes import files
from archdsl.diagnostics.diagnostic import Diagnostic, DiagnosticError
from archdsl.elaborate.plans.table import Option, whole
from archdsl.search.data.source import HELD_OUT, split

OPTIONS = (
    Option("frames", whole(1), None, "as the network takes them, or 8"),
    Option(
        "stride",
        whole(1),
        2,
        "frames of a clip lie so many apart in the video; one that is too short stays at its last frame",
    ),
    HELD_OUT,
)
SUFFIXES = (".mp4", ".avi", ".webm")
SIDE = 112  # of the crop where neither the network nor a transform says one
_MEAN, _DEVIATION = 0.45, 0.225  # of 0..1, as the public video models have it


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str
    label: int
    frames: int


class Video:
    """A class is a folder's place in the alphabet. Clips begin anywhere while learning, and lie in the middle
    for validation.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        sizes: Mapping[str, int],
    ) -> None:
        try:
            import av
        except ModuleNotFoundError:
            message = "reading videos needs the package av, which is not installed"
            raise DiagnosticError(
                files.NO_BACKEND.error(None, message, help="pip install 'archdsl[video]'")
            ) from None
        self._av = av
        self._frames, self._stride = (
            settings["frames"] or sizes.get("t", 8),
            settings["stride"],
        )
        self.shape = {"c": 3, "t": self._frames, "h": SIDE, "w": SIDE}
        self._complaints: list[Diagnostic] = []
        self._complained: set[str] = set()
        self.classes = _folders(folder)
        self._files = tuple(self._readable(folder))
        if not self._files:
            raise DiagnosticError(
                codes.UNREADABLE_DATA.error(
                    None, f"{folder}: none of its videos can be read"
                ),
                *self._complaints,
            )
        self.train, self.validation = split(
            [f.name for f in self._files], settings["held_out"]
        )
        listed = "\n".join(
            f"{f.name} {f.frames} {f.path.stat().st_size}" for f in self._files
        )
        self.fingerprint = hashlib.sha256(listed.encode()).hexdigest()

    def example(self, number: int, generator: torch.Generator | None) -> tuple[Tensor, int]:
        place = float(torch.rand((), generator=generator)) if generator is not None else 0.5
        for file in self._from(number):
            try:
                return self._clip(file, place), file.label
            except (self._av.FFmpegError, ValueError) as error:
                self._complain(file.name, file.path, error)
        raise DiagnosticError(
            codes.UNREADABLE_DATA.error(None, "none of the videos can be decoded any more")
        )

    def complaints(self) -> Iterator[Diagnostic]:
        while self._complaints:
            yield self._complaints.pop(0)

    def _readable(self, folder: Path) -> Iterator[_File]:
        for label, name in enumerate(self.classes):
            for path in sorted((folder / name).iterdir()):
                if path.suffix.lower() in SUFFIXES:
                    relative = path.relative_to(folder).as_posix()
                    try:
                        yield _File(path, relative, label, self._count(path))
                    except (
                        self._av.FFmpegError,
                        ValueError,
                        OSError,
                    ) as error:
                        self._complain(relative, path, error)

    def _count(self, path: Path) -> int:
        """The frames of a file whose first one can be decoded. Raises FFmpegError or ValueError."""
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("it is no regular file")
        with self._av.open(str(path)) as container:
            if not container.streams.video:
                raise ValueError("it has no picture")
            if next(container.decode(video=0), None) is None:
                raise ValueError("it has no frame")
            stated = container.streams.video[0].frames
        if stated:
            return int(stated)
        with self._av.open(str(path)) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))

    def _clip(self, file: _File, place: float) -> Tensor:
        """[3, frames, h, w]: frames by stride, from a place between the first and the last possible start."""
        span = (self._frames - 1) * self._stride + 1
        first = int(place * (max(0, file.frames - span) + 1))
        wanted = {
            min(first + i * self._stride, file.frames - 1) for i in range(self._frames)
        }
        seen: dict[int, Tensor] = {}
        with self._av.open(str(file.path)) as container:
            for i, frame in enumerate(container.decode(video=0)):
                if i in wanted:
                    seen[i] = torch.from_numpy(frame.to_ndarray(format="rgb24"))
                if i >= max(wanted):
                    break
        if not seen:
            raise ValueError(f"it ends before frame {first}")
        last = max(seen)  # a file may have fewer frames than it states
        picked = [seen[min(first + i * self._stride, last)] for i in range(self._frames)]
        clip = torch.stack(picked).permute(3, 0, 1, 2).float() / 255
        return (clip - _MEAN) / _DEVIATION

    def _from(self, number: int) -> Iterator[_File]:
        """A file, and those that stand in for it where it turns out to be broken: the next ones of its own
        part.
        """
        part: Sequence[int] = self.train if number in self.train else self.validation
        at = part.index(number)
        for i in (*part[at:], *part[:at]):
            yield self._files[i]

    def _complain(self, name: str, path: Path, error: Exception) -> None:
        if name not in self._complained:
            self._complained.add(name)
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self._complaints.append(
                codes.SKIPPED_FILE.warning(None, f"{path} is skipped: {reason}")
            )


def _folders(folder: Path) -> tuple[str, ...]:
    try:
        names = sorted(
            p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")
        )
    except OSError as error:
        raise DiagnosticError(
            codes.UNREADABLE_DATA.error(None, f"{folder}: {error.strerror}")
        ) from None
    if not names:
        problem = f"{folder}: it has no folder; each class is one, with its videos in it"
        raise DiagnosticError(codes.UNREADABLE_DATA.error(None, problem))
    return tuple(names)
