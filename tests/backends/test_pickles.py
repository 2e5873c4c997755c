"""Pickles as data: what is known is read as Python reads it, nothing is called, and work is bounded."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl_torch import pickles, tensor_files

ARRAYS = {
    "rows": np.arange(6, dtype=np.float32).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
    "swapped": np.arange(4, dtype=">f4"),
    "half": np.ones((1, 2), np.float16),
    "whole": np.array([[1], [-2]], np.int64),
    "small": np.array([250], np.uint8),
    "truth": np.array([True, False]),
    "nothing": np.zeros((0, 3), np.float32),
    "number": np.float32(2.5),
    "none": np.array(4.0),
}


def loaded(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    path.write_bytes(data)
    return tensor_files.tensors_in(tensor_files.read(path))


def value(data: bytes) -> Any:
    return pickles.read(io.BytesIO(data))[0]


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_every_kind(protocol: int, tmp_path: Path) -> None:
    found = loaded(pickle.dumps(ARRAYS, protocol), tmp_path / "a.pkl")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        native = np.asarray(array).astype(array.dtype.newbyteorder("="))
        assert torch.equal(found[name], torch.from_numpy(native.copy())), name


def test_arrays_as_python_2_wrote_them(tmp_path: Path) -> None:
    """Its bytes are texts: opcode U."""
    numbers = np.arange(3, dtype=np.float32).tobytes()
    old = (
        b"\x80\x02}U\x01wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R("
        b"K\x01K\x03\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R"
        b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x0c"
        + numbers
        + b"tbs."
    )
    assert pickle.loads(old, encoding="latin1")["w"].tolist() == [0, 1, 2]
    assert loaded(old, tmp_path / "old.pkl")["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("save", ["zip", "old", "pickle"])
def test_tensors_of_every_kind(save: str, protocol: int, tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    state = OrderedDict(
        whole=whole,
        view=whole[1:, ::2],
        turned=whole.T,
        parameter=torch.nn.Parameter(whole.clone()),
        half=whole.bfloat16(),
        number=torch.tensor(7),
        truth=torch.tensor([True]),
        complex=torch.ones(2, dtype=torch.complex64),
        eight=torch.ones(2, dtype=torch.float8_e4m3fn),
        nothing=torch.zeros(0, 3),
    )
    buffer = io.BytesIO()
    if save == "pickle":
        pickle.dump(state, buffer, protocol)
    else:
        torch.save(
            state,
            buffer,
            pickle_protocol=protocol,
            _use_new_zipfile_serialization=save == "zip",
        )
    found = loaded(buffer.getvalue(), tmp_path / "a.pt")
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype, name
        wide = torch.complex128 if tensor.is_complex() else torch.float64
        assert torch.equal(found[name].to(wide), tensor.detach().to(wide)), name


def test_plain_data_is_as_python_reads_it() -> None:
    data = {
        "a": [1, -2.5, "ü", b"\xff", None, True, (), (1, (2, 3))],
        7: {"b": []},
        ("x", 1): 2**80,
    }
    for protocol in range(1, pickle.HIGHEST_PROTOCOL + 1):
        found = value(pickle.dumps(data, protocol))
        if protocol < 3:  # bytes are texts there
            found["a"][3] = found["a"][3].encode("latin-1")
        assert found == data
    assert value(pickle.dumps(OrderedDict(a=1))) == {"a": 1}
    assert value(pickle.dumps(defaultdict(list, a=[1]))) == {"a": [1]}


class Runs:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (self.folder,)


class Odd(dict[str, Any]):
    """A mapping with a state of its own."""

    def __init__(self) -> None:
        super().__init__(a=1)
        self.extra = 2


def test_what_is_not_known_is_never_called(tmp_path: Path) -> None:
    for protocol in range(1, pickle.HIGHEST_PROTOCOL + 1):
        found = value(
            pickle.dumps(
                [Runs(str(tmp_path / "made")), argparse.Namespace(lr=1), Odd()], protocol
            )
        )
        assert all(isinstance(each, pickles.Unknown) for each in found)
        assert found[0].name in ("posix.mkdir", "nt.mkdir")
    assert not (tmp_path / "made").exists()
    old = b"(ios\nsystem\n(S'echo'\nl."  # protocol 0, of Python 1.5
    assert isinstance(value(b"(S'touch made'\nios\nsystem\n."), pickles.Unknown), old


BOMBS = {
    "a list of one list": b"\x80\x02]q\0"
    + b"("
    + b"N" * 20_000
    + b"e"
    + b"]q\1("
    + b"".join(b"cbuiltins\ntuple\nh\0\x85R" for _ in range(2000))
    + b"e.",
    "a mapping of pairs, again and again": b"\x80\x02]("
    + b"NN\x86" * 50_000
    + b"eq\0("
    + b"".join(b"ccollections\nOrderedDict\nh\0\x85R" for _ in range(2000))
    + b"t.",
    "a long name": b"\x80\x04X"
    + struct.pack("<I", 1 << 20)
    + b"a" * (1 << 20)
    + b"q\0h\0\x93.",
    "a number of a megabyte": b"\x80\x02\x8b"
    + struct.pack("<I", 1 << 20)
    + b"\x7f" * (1 << 20)
    + b".",
    "a deep key": b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"Ns.",
    "a huge length": b"\x80\x04\x96" + struct.pack("<Q", 1 << 50) + b"x.",
    "a shape of a thousand": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R(K\1("
    + b"K\1" * 1000
    + b"tcnumpy\ndtype\nU\2f4\x85RI00\nU\0tb.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_little_bytes_that_would_cost_much_are_refused(name: str) -> None:
    with pytest.raises(pickles.Damaged) as refused:
        value(BOMBS[name])
    assert len(str(refused.value)) < 300


def test_a_far_place_of_the_memo_costs_nothing() -> None:
    """Python's own reader makes room for all places before it: 32 GB."""
    assert value(b"\x80\x02Nr\xff\xff\xff\xff.") is None


def test_what_claims_more_numbers_than_there_are_is_refused(tmp_path: Path) -> None:
    good = pickle.dumps({"w": np.zeros(3, np.float32)}, 2)
    assert b"K\x03\x85" in good
    with pytest.raises(
        DiagnosticError, match=r"`w` has 255 numbers, of which the file holds 3"
    ):
        loaded(good.replace(b"K\x03\x85", b"K\xff\x85"), tmp_path / "a.pkl")


_GOOD = [
    pickle.dumps({"blobs": ARRAYS, "args": argparse.Namespace(lr=1)}, protocol)
    for protocol in (1, 2, 4, 5)
]


@given(
    st.sampled_from(_GOOD),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6),
    st.integers(0, 1 << 16),
)
@settings(max_examples=300)
def test_any_bytes_are_a_value_or_damage(
    tmp_path_factory: pytest.TempPathFactory,
    good: bytes,
    places: list[tuple[int, int]],
    end: int,
) -> None:
    data = bytearray(good)
    for place, byte in places:
        data[place % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    try:
        loaded(bytes(data[: end % len(data)] if end % 3 == 0 else data), path)
    except DiagnosticError as error:
        assert {d.code for d in error.diagnostics} == {"E0951"}
