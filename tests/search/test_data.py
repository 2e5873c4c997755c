"""Data: what each source yields, what happens to it, and how it says that it cannot be used."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.elaborate.plans.table import Invocation
from archdsl.search import data
from archdsl.search.data import Data
from archdsl.search.data.motion import CLASSES, clip
from tests.elaborate.texts import graph_of

NET = """space net {
  input clip: [b, c = 3, t = 4, h = 16, w = 16]
  k ~ [1, 3]
  output clip -> conv(4, k) -> mean(@thw) -> linear(3) as classify
}"""


def same(a: Data, b: Data, split: str = "train") -> bool:
    return all(
        torch.equal(a.example(split, 0, 1, i)[0], b.example(split, 0, 1, i)[0])  # type: ignore[arg-type]
        for i in range(len(getattr(a, split)))
    )


# -- motion -------------------------------------------------------------------------------------------


def test_motion_takes_the_sizes_of_the_network() -> None:
    opened = data.open("motion:count=40,classes=2", None, graph_of(NET))
    assert (
        dict(opened.shape) == {"c": 3, "t": 4, "h": 16, "w": 16}
        and opened.classes == CLASSES[:2]
    )
    assert (
        len(opened.train) + len(opened.validation) == 40
        and 4 <= len(opened.validation) <= 16
    )
    x, y = opened.batch("train", 0, 0, [0, 1, 2])
    assert x.shape == (3, 3, 4, 16, 16) and y.shape == (3,)
    assert torch.equal(x, opened.batch("train", 9, 7, [0, 1, 2])[0]), (
        "the clips of a source are the same for every run"
    )
    other = data.open("motion:count=40,classes=2,seed=1", None, graph_of(NET))
    assert not same(opened, other)


@pytest.mark.parametrize("pair", range(4))
def test_the_second_of_a_pair_is_the_first_backwards(pair: int) -> None:
    """So no function of the set of frames tells them apart better than chance; the order does."""
    there, back = (clip(0, 5, 2 * pair + i, 6, 16, 0.3) for i in range(2))
    assert torch.equal(there.flip(1), back) and not torch.equal(there, back)


def test_difficulty_is_noise() -> None:
    clean, noisy = clip(0, 1, 0, 4, 16, 0.0), clip(0, 1, 0, 4, 16, 0.5)
    assert 0.4 < float((noisy - clean).std()) < 0.7 and float(clean.min()) >= 0


# -- tensors ------------------------------------------------------------------------------------------


def saved(folder: Path, **arrays: object) -> str:
    np.savez(folder / "clips.npz", **arrays)  # type: ignore[arg-type]
    return f"tensor:{folder / 'clips.npz'}"


def test_tensors(tmp_path: Path) -> None:
    x, y = (
        np.random.default_rng(0).integers(0, 255, (12, 3, 4, 16, 16), np.uint8),
        np.arange(12) % 3,
    )
    reference = saved(tmp_path, x=x, y=y, x_validation=x[:5], y_validation=y[:5])
    opened = data.open(reference, None, graph_of(NET))
    assert (len(opened.train), len(opened.validation)) == (12, 5)
    example, label = opened.example("validation", 0, 0, 4)
    assert label == 1 and torch.equal(example, torch.from_numpy(x[4]) / 255)
    assert data.open(reference, None).fingerprint == opened.fingerprint
    assert data.open(saved(tmp_path, x=x, y=y), None).fingerprint != opened.fingerprint


BROKEN: list[tuple[str, Callable[[Path], str]]] = [
    (
        r"E0971.*no array `y`; its arrays are `x`",
        lambda p: saved(p, x=np.zeros((4, 3, 4, 16, 16), np.float32)),
    ),
    (
        r"E0971.*`y\[2\]` is -1",
        lambda p: saved(
            p, x=np.zeros((4, 3, 4, 16, 16), np.float32), y=np.array([0, 1, -1, 0])
        ),
    ),
    (
        r"E0971.*`x\[1\]` has a number that is not finite",
        lambda p: saved(p, x=np.array([[0.0], [np.nan]]), y=np.array([0, 1])),
    ),
    (
        r"E0971.*a whole number for each of 4",
        lambda p: saved(p, x=np.zeros((4, 2)), y=np.zeros(3, int)),
    ),
    (r"E0971", lambda p: saved(p, x=np.array([print], dtype=object), y=np.zeros(1, int))),
    (r"E0971.*No such file", lambda p: f"tensor:{p / 'absent.npz'}"),
    (r"E0971", lambda p: f"tensor:{written(p / 'text.npz', 'no archive')}"),
    (
        r"E0973.*\[c = 3, t = 8, h = 16, w = 16\], and `clip`",
        lambda p: saved(p, x=np.zeros((9, 3, 8, 16, 16)), y=np.arange(9) % 3),
    ),
    (
        r"E0973.*4 classes.*3 outputs",
        lambda p: saved(p, x=np.zeros((9, 3, 4, 16, 16)), y=np.arange(9) % 4),
    ),
    (
        r"E0973.*2,147,483,648 classes.*3 outputs",
        lambda p: saved(
            p, x=np.zeros((9, 3, 4, 16, 16)), y=np.array([2**31 - 1] + [0] * 8)
        ),
    ),
    (
        r"E0971.*`y\[1\]` is 18446744073709551615",
        lambda p: saved(
            p, x=np.zeros((2, 3, 4, 16, 16)), y=np.array([0, 2**64 - 1], np.uint64)
        ),
    ),
    (
        r"E0971.*says that it has 8,000,000,000,000,000 bytes",
        lambda p: claiming(p, (10**15,), b""),
    ),
    (
        r"E0971.*says that it has 8 bytes, and has 16",
        lambda p: claiming(p, (1,), b"0" * 16),
    ),
    (r"E0971.*says that it has -8 bytes", lambda p: claiming(p, (-1,), b"0" * 16)),
    (
        r"E0971.*unpacks to 3,221,225,472 bytes, more than 1 GiB",
        lambda p: packed(p, 3 << 30),
    ),
    (r"E0971.*it is no regular file", lambda p: f"tensor:{fifo(p / 'pipe.npz')}"),
    (r"E0971.*no regular file", lambda p: "tensor:/dev/zero"),
    (r"E0971", lambda p: f"tensor:{cut(p)}"),
    (r"E0970.*no data that can be opened", lambda p: "tensors:x.npz"),
    (r"E0970.*where the data are", lambda p: "video"),
    (r"E0701.*no option `frame`", lambda p: "motion:frame=8"),
    (r"E0706.*`classes`", lambda p: "motion:classes=3"),
    (r"E0971.*No module named", lambda p: "python:no_such_module_here:factory"),
    (r"E0971.*of 1 examples none is left for", lambda p: "motion:count=1"),
]


def claiming(folder: Path, shape: tuple[int, ...], content: bytes) -> str:
    """A file whose header of `x` states a shape, whatever there is."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(folder / "clips.npz", "w") as file:
        file.writestr("x.npy", header.getvalue() + content)
    return f"tensor:{folder / 'clips.npz'}"


def packed(folder: Path, size: int) -> str:
    """A file of a few bytes that is said to unpack to so many."""
    path = folder / "clips.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", bytes(1000))
        file.getinfo("x.npy").file_size = size
    return f"tensor:{path}"


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def cut(folder: Path) -> Path:
    """A packed file of which a piece in the middle is other bytes."""
    path = folder / "clips.npz"
    np.savez_compressed(
        path, x=np.random.default_rng(0).normal(size=(4, 9)), y=np.arange(4)
    )
    data = bytearray(path.read_bytes())
    data[100:140] = bytes(40)
    path.write_bytes(data)
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("message", "reference"), BROKEN)
def test_data_that_cannot_be_used(
    message: str, reference: Callable[[Path], str], tmp_path: Path
) -> None:
    with pytest.raises(DiagnosticError, match=message):
        data.open(reference(tmp_path), None, graph_of(NET))


# -- a user's own -------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    written(
        tmp_path / "mine_clips.py",
        """
import random, torch
class Clips(torch.utils.data.Dataset):
    classes = ["left", "right"]
    def __len__(self): return 10
    def __getitem__(self, i):
        if i == 7: raise OSError("gone")
        return torch.full((3, 4, 16, 16), float(i)) + random.random(), i % 2
def whole(): return Clips()
def parts(): return {"train": torch.utils.data.Subset(Clips(), range(5)), "validation": Clips()}
class Named(Clips):
    classes = 2
def two(): return {"train": Named(), "validation": Named()}
""",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("mine_clips", None)


def test_a_dataset_of_ones_own(mine: None) -> None:
    opened = data.open("python:mine_clips:two", None, graph_of(NET))
    assert (len(opened.train), len(opened.validation)) == (10, 10) and len(
        opened.classes
    ) == 2
    first, again = opened.example("train", 0, 3, 4)[0], opened.example("train", 0, 3, 4)[0]
    later = opened.example("train", 0, 4, 4)[0]
    assert (
        torch.equal(first, again)
        and not torch.equal(first, later)
        and 4 <= float(first[0, 0, 0, 0]) < 5
    )
    with pytest.raises(
        DiagnosticError, match=r"E0971.*item 7 cannot be had: OSError: gone"
    ):
        opened.example("train", 0, 0, 7)
    with pytest.raises(DiagnosticError, match=r"E0971.*says nowhere how many `classes`"):
        data.open("python:mine_clips:parts", None)
    with pytest.raises(DiagnosticError, match="E0972"):
        data.open(None, Invocation("python", ("mine_clips:whole",)))


# -- videos -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of four films of 20 frames, whose brightness is the frame's number; one broken, one
    empty, one no video.
    """
    av = pytest.importorskip("av", reason="needs PyAV: pip install 'archdsl[video]'")
    folder = tmp_path_factory.mktemp("videos")
    for name in ("b", "a", "c"):
        (folder / name).mkdir()
        for i in range(4):
            with av.open(str(folder / name / f"{i}.{'avi' if i else 'mp4'}"), "w") as film:
                stream = film.add_stream("mpeg4", rate=10)
                stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
                    32,
                    24,
                    "yuv420p",
                    4_000_000,
                )
                for t in range(20):
                    picture = np.full((24, 32, 3), 10 * t + 20, np.uint8)
                    for packet in stream.encode(
                        av.VideoFrame.from_ndarray(picture, format="rgb24")
                    ):
                        film.mux(packet)
                for packet in stream.encode():
                    film.mux(packet)
    (folder / "a" / "broken.mp4").write_bytes((folder / "a" / "1.avi").read_bytes()[:300])
    (folder / "b" / "empty.webm").write_bytes(b"")
    (folder / "c" / "notes.txt").write_text("not a film")
    return folder


def frames_of(x: torch.Tensor) -> list[int]:
    """Which frame of its film each frame of a clip was."""
    brightness = (x[:, :, 4:-4, 4:-4].mean((0, 2, 3)) * 0.225 + 0.45) * 255
    return [round(float((b - 20) / 10)) for b in brightness]


def test_videos(videos: Path) -> None:
    opened = data.open(f"video:{videos},stride=3", None, graph_of(NET))
    assert opened.classes == ("a", "b", "c") and dict(opened.shape) == {
        "c": 3,
        "t": 4,
        "h": 16,
        "w": 16,
    }
    assert len(opened.train) + len(opened.validation) == 12
    told = [d.message for d in opened.complaints()]
    assert (
        len(told) == 2
        and "broken.mp4 is skipped" in told[0]
        and "empty.webm is skipped" in told[1]
    )
    assert not opened.complaints()
    middle, label = opened.example("validation", 0, 0, 0)
    assert middle.shape == (3, 4, 16, 16) and label in (0, 1, 2)
    assert frames_of(middle) == [5, 8, 11, 14]
    starts = set()
    for epoch in range(12):
        found = frames_of(opened.example("train", 0, epoch, 0)[0])
        assert [b - a for a, b in pairwise(found)] == [3, 3, 3]
        starts.add(found[0])
    assert len(starts) > 3 and max(starts) <= 10
    again = data.open(f"video:{videos},stride=3", None, graph_of(NET))
    assert again.fingerprint == opened.fingerprint and same(opened, again)


def test_a_film_that_is_too_short_stays_at_its_end(videos: Path) -> None:
    opened = data.open(f"video:{videos},stride=8", None, graph_of(NET))
    assert frames_of(opened.example("validation", 0, 0, 0)[0]) == [0, 8, 16, 19]


def test_a_film_that_breaks_while_learning_is_replaced(
    videos: Path, tmp_path: Path
) -> None:
    for path in videos.rglob("*.*"):
        (tmp_path / path.parent.name).mkdir(exist_ok=True)
        (tmp_path / path.parent.name / path.name).write_bytes(path.read_bytes())
    opened = data.open(f"video:{tmp_path}", None, graph_of(NET))
    list(opened.complaints())
    whole = [opened.example("train", 0, 0, i)[1] for i in range(len(opened.train))]
    for path in (tmp_path / "a").glob("*.*"):
        path.write_bytes(b"\0" * 100)
    labels = [opened.example("train", 0, 0, i)[1] for i in range(len(opened.train))]
    assert 0 in whole and 0 not in labels and len(labels) == len(whole)
    assert [d.code for d in opened.complaints()] == ["E0974"] * whole.count(0)


@pytest.mark.parametrize("reference", ["video:{0}/absent", "video:{0}/a"])
def test_no_videos(reference: str, videos: Path) -> None:
    with pytest.raises(DiagnosticError, match="E0971"):
        data.open(reference.format(videos), None)


# -- transforms ---------------------------------------------------------------------------------------


def test_transforms_of_a_plan_stay_with_other_data(tmp_path: Path) -> None:
    """`--data` takes the place of the source alone."""
    x = np.broadcast_to(np.arange(20, dtype=np.float32), (6, 3, 4, 20, 20)).copy()
    planned = Invocation("kinetics", ("400",), {"crop": 16, "flip": True})
    opened = data.open(saved(tmp_path, x=x, y=np.arange(6) % 3), planned, graph_of(NET))
    columns = [opened.example("train", 0, e, 0)[0][0, 0, 0] for e in range(40)]
    lefts = {(float(c.min()), bool(c[0] > c[-1])) for c in columns}
    assert {flipped for _, flipped in lefts} == {True, False} and {
        left for left, _ in lefts
    } == {
        0.0,
        1.0,
        2.0,
        3.0,
        4.0,
    }
    middle = opened.example("validation", 0, 0, 0)[0]
    assert torch.equal(middle[0, 0, 0], torch.arange(2.0, 18.0))
    scaled = data.open(
        saved(tmp_path, x=x, y=np.arange(6) % 3) + ",crop=16,jitter=(18,24)",
        None,
        graph_of(NET),
    )
    assert scaled.example("train", 0, 0, 0)[0].shape == (3, 4, 16, 16)
