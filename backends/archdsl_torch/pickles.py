"""Pickles read as data: an interpreter of the format that calls nothing that a file names.

Python's own reader calls whatever function a pickle asks for. Here a name is one of a few that are known,
each with a function of this module behind it, or an inert stand-in:

    read(pickle.dumps({"w": numpy.zeros(3), "args": argparse.Namespace(lr=0.1)}))
    {"w": Tensor(shape=(3,), …), "args": Unknown("argparse.Namespace")}

Tensors and arrays are told by where their numbers lie (`Storage`), which are not read here. Work and memory
are bounded by the size of the file.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import SEEK_CUR, BytesIO
from math import prod
from typing import IO, Any, TypeAlias

_STEPS_AT_MOST = (
    10_000_000  # of one pickle; a state dict of a thousand tensors has some 60,000
)
_CUT_OFF = "it is cut off: it ends before it is whole"
_NAME = 1_000  # characters of a name
_DIMENSIONS = 64
_BITS = 1024  # of a whole number
MAGIC = 0x1950A86A20F9469CFC6C  # with which `torch.save` began its files
_INSIDE = "torch.storage._load_from_bytes"
_LETTERS = {"f": "float", "i": "int", "u": "uint", "b": "bool"}  # numpy's kinds of numbers


class Damaged(Exception):
    """A pickle that cannot be read, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """What stands for a class or function that is not known, and for whatever it would have made."""

    name: str


@dataclass(slots=True, eq=False)
class Storage:
    """A row of numbers: its key in the file that holds it, or its bytes where they are at hand.

    `kind` is PyTorch's name of the numbers, "float32", or None for bytes that tensors give a kind.
    """

    kind: str | None
    key: str
    data: bytes | bytearray | str | None = (
        None  # a text stands for bytes: Python 2 knew no difference
    )
    is_swapped: bool = False  # the bytes of a number, the highest first


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor by its place in a storage; `offset` and `strides` count numbers."""

    storage: Storage
    kind: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class _Global:
    """A known function, under the name that the pickle has for it."""

    name: str
    make: Callable[..., Any]


@dataclass(slots=True, eq=False)
class Array:
    """A numpy array (`tensor`, once its state has come) or a numpy dtype (`kind`)."""

    kind: str | None = None
    is_swapped: bool = False
    tensor: Tensor | None = None


# -- what is known -----------------------------------------------------------------------------------


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Any:
    """`torch._utils._rebuild_tensor_v2`, whose last argument tells of numbers that are not as they lie."""
    metadata = rest[2] if len(rest) > 2 else None
    return (
        Unknown("torch.Tensor")
        if metadata
        else _of_kind(storage, None, offset, shape, strides)
    )


def _tensor_of_kind(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Any:
    """`torch._utils._rebuild_tensor_v3`, with the kind of number; its storage is of bytes."""
    _, _, kind, *metadata = (*rest, None, None, None)[:4]
    if any(metadata) or not isinstance(kind, Unknown):
        return Unknown("torch.Tensor")
    return _of_kind(storage, kind.name.removeprefix("torch."), offset, shape, strides)


def _of_kind(storage: Any, kind: str | None, offset: Any, shape: Any, strides: Any) -> Any:
    if not isinstance(storage, Storage):
        return Unknown("torch.Tensor")
    kind = kind or storage.kind
    sizes, steps, (start,) = _numbers(shape), _numbers(strides), _numbers((offset,))
    if kind is None or len(sizes) != len(steps):
        raise Damaged("a tensor has no kind, or not a stride for each size")
    return Tensor(storage, kind, sizes, steps, start)


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or len(value) > _DIMENSIONS:
        raise Damaged("a shape is no row of whole numbers")
    if not all(type(n) is int and 0 <= n < 1 << 63 for n in value):
        raise Damaged("a shape has something else than whole numbers from 0 on")
    return tuple(value)


def _of_type(make: Any, kind: Any, args: Any, state: Any) -> Any:
    """`torch._tensor._rebuild_from_type_v2`: a tensor with attributes, which are no weights."""
    return (
        make.make(*args)
        if isinstance(make, _Global) and isinstance(args, tuple)
        else Unknown("a tensor")
    )


def _dtype(code: Any, *rest: Any) -> Any:
    """`numpy.dtype("f4")`; which way round its bytes are follows in its state."""
    text = _text(code).lstrip("<>=|")
    letter, digits = text[:1], text[1:]
    if text == "?" or text == "b1":
        return Array("bool")
    if letter not in _LETTERS or digits not in ("1", "2", "4", "8"):
        return Unknown(f"numpy.dtype({text[:20]})")
    return Array(f"{_LETTERS[letter]}{8 * int(digits)}", _text(code).startswith(">"))


def _array(*args: Any) -> Any:
    """`numpy.core.multiarray._reconstruct`: empty, until its state comes."""
    return Array()


def _scalar(kind: Any, data: Any = b"") -> Any:
    """`numpy.core.multiarray.scalar`: a number as a tensor without dimensions."""
    return _filled(kind, (), False, data)


def _buffer(data: Any, kind: Any, shape: Any, order: Any) -> Any:
    """`numpy.core.numeric._frombuffer`."""
    return _filled(kind, shape, order == "F", data)


def _filled(kind: Any, shape: Any, is_fortran: Any, data: Any) -> Any:
    if not isinstance(kind, Array) or kind.kind is None:
        return Unknown("numpy.ndarray")
    sizes = _numbers(shape)
    if not isinstance(data, bytes | bytearray | str):
        raise Damaged("an array without its numbers")
    storage = Storage(kind.kind, "", data, kind.is_swapped)
    return Tensor(storage, kind.kind, sizes, _row_major(sizes, bool(is_fortran)))


def _row_major(shape: tuple[int, ...], is_fortran: bool) -> tuple[int, ...]:
    if is_fortran:
        return tuple(prod(shape[:i]) for i in range(len(shape)))
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _itself(data: Any, *rest: Any) -> Any:
    """A parameter is its tensor, and what `_codecs.encode` makes of a text is taken as that text."""
    return data


def _bytes(data: Any = b"", *rest: Any) -> Any:
    """`bytes()`, which is how nothing at all is written for old readers, and `bytearray(…)`."""
    return data


def _text(value: Any) -> str:
    """A short text: of a name, a code or a key."""
    if not isinstance(value, str | bytes) or len(value) > _NAME:
        raise Damaged("a name is something else, or too long")
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _mapping(*args: Any) -> dict[Any, Any]:
    """`OrderedDict()`, `defaultdict(list)`, and `OrderedDict([[key, value], …])` of old files."""
    found: dict[Any, Any] = {}
    pairs = args[0] if args and isinstance(args[0], list) else ()
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Damaged("a mapping is made of something that is no pair")
        found[_key(pair[0])] = pair[1]
    return found


def _sequence(*args: Any) -> Any:
    return args[0] if args and isinstance(args[0], list | tuple) else []


_BUILTINS = {
    "dict": _mapping,
    **dict.fromkeys(("list", "tuple", "set", "frozenset"), _sequence),
    **dict.fromkeys(("bytes", "bytearray"), _bytes),
}
_NUMPY = {"_reconstruct": _array, "scalar": _scalar}
_KNOWN: Mapping[str, Callable[..., Any]] = {
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _mapping,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_kind,
    "torch._utils._rebuild_parameter": _itself,
    "torch._utils._rebuild_parameter_with_state": _itself,
    "torch._tensor._rebuild_from_type_v2": _of_type,
    "torch.Size": _sequence,
    "numpy.dtype": _dtype,
    "_codecs.encode": _itself,
    **{f"builtins.{name}": make for name, make in _BUILTINS.items()},
    **{f"__builtin__.{name}": make for name, make in _BUILTINS.items()},
    **{f"numpy.core.multiarray.{name}": make for name, make in _NUMPY.items()},
    **{f"numpy._core.multiarray.{name}": make for name, make in _NUMPY.items()},
    "numpy.core.numeric._frombuffer": _buffer,
    "numpy._core.numeric._frombuffer": _buffer,
}
_STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": None,
}

# -- the interpreter ---------------------------------------------------------------------------------

_Operation: TypeAlias = Callable[["_Machine", Any], None]
_MARK = object()


@dataclass(slots=True)
class _Machine:
    """The stack and the memo of a pickle, and the storages that it names."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)
    steps: int = 0
    is_inside: bool = False

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _STEPS_AT_MOST:
            raise Damaged(f"it takes more than {_STEPS_AT_MOST:,} steps")

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise Damaged("it takes more than it has put there")
        return self.stack.pop()

    def to_mark(self) -> list[Any]:
        """What lies on the last mark, which goes too."""
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
                found = self.stack[place + 1 :]
                del self.stack[place:]
                return found
        raise Damaged("it takes more than it has put there")

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise Damaged("it takes more than it has put there")
        return self.stack[-1]

    def push(self, value: Any) -> None:
        self.stack.append(value)


def read_saved(
    file: IO[bytes], is_inside: bool = False
) -> tuple[Any, list[tuple[Storage, int, int]]]:
    """What a file holds, and where in it the bytes of each storage begin and how many they are.

    A file is one pickle; or it is what `torch.save` wrote before PyTorch 1.6: a magic number, a version,
    facts about the machine, the value, the keys of its storages, and each of these behind its length.
    Raises Damaged.
    """
    value, _ = read(file, is_inside)
    if value != MAGIC or type(value) is not int:
        return value, []
    version, _ = read(file, is_inside)
    if type(version) is not int or version != 1001:
        raise Damaged("it is of a version of `torch.save` that is not known")
    read(file, is_inside)
    value, storages = read(file, is_inside)
    keys, _ = read(file, is_inside)
    if not isinstance(keys, list):
        raise Damaged("it does not say which storages it has")
    places = []
    for key in keys:
        storage = storages.get(key) if isinstance(key, str) else None
        length = file.read(8)
        if storage is None or len(length) < 8:
            raise Damaged("it is cut off, or has a storage that nothing names")
        size = int.from_bytes(length, "little") * _bytes_of(storage.kind)
        places.append((storage, file.tell(), size))
        file.seek(size, SEEK_CUR)
    return value, places


def _bytes_of(kind: str | None) -> int:
    """How many bytes a number has: 4 of "float32"."""
    digits = "".join(filter(str.isdigit, kind or ""))
    return int(digits) // 8 if digits else 1


def read(file: IO[bytes], is_inside: bool = False) -> tuple[Any, Mapping[str, Storage]]:
    """The value of one pickle, and the storages that it names by their keys; the file stands behind it then.

    Raises Damaged.
    """
    machine = _Machine(is_inside=is_inside)
    try:
        for operation, argument, _ in pickletools.genops(file):
            if operation.name == "STOP":
                return machine.pop(), machine.storages
            machine.spend(1)
            step = _STEPS.get(operation.name)
            if step is None:
                raise Damaged(f"it uses `{operation.name}`, which no file of weights needs")
            step(machine, argument)
    except Damaged:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
        raise Damaged(_damage(file, error)) from None
    raise Damaged(_CUT_OFF)


def _damage(file: IO[bytes], error: Exception) -> str:
    return str(error) or type(error).__name__ if file.read(1) else _CUT_OFF


def _key(value: Any) -> Any:
    """A key of a mapping: a text, a number, or a short row of them, so that hashing it costs nothing."""
    simple = (str, bytes, int, float, bool, type(None), Unknown)
    parts = value if type(value) is tuple else (value,)
    if len(parts) > 8 or not all(isinstance(part, simple) for part in parts):
        raise Damaged("a key is neither a text nor a number")
    return value


def _called(machine: _Machine, name: Any, args: Any) -> Any:
    """What a function or class gives: of a known one what is known of it, of others a stand-in."""
    if isinstance(name, Unknown) and name.name == _INSIDE and isinstance(args, tuple):
        return _inside(machine, *args)
    if isinstance(name, _Global) and isinstance(args, tuple):
        machine.spend(
            len(args) + sum(len(arg) for arg in args if isinstance(arg, list | tuple))
        )
        return name.make(*args)
    return (
        Unknown(name.name) if isinstance(name, Unknown | _Global) else Unknown("something")
    )


def _inside(machine: _Machine, data: Any = None, *rest: Any) -> Any:
    """A storage that is a whole file of its own, as `pickle.dump` of tensors has them; no such file in it."""
    if machine.is_inside or not isinstance(data, bytes | str):
        return Unknown(_INSIDE)
    machine.spend(len(data) // _NAME + 1)
    raw = data.encode("latin-1") if isinstance(data, str) else data
    value, places = read_saved(BytesIO(raw), is_inside=True)
    for storage, start, size in places:
        storage.data = raw[start : start + size]
    return value


def _named(module: Any, name: Any) -> Any:
    full = f"{_text(module)}.{_text(name)}"
    make = _KNOWN.get(full)
    return Unknown(full) if make is None else _Global(full, make)


def _global(machine: _Machine, argument: Any) -> None:
    module, _, name = str(argument).partition(" ")
    machine.push(_named(module, name))


def _stack_global(machine: _Machine, argument: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.push(_named(module, name))


def _reduce(machine: _Machine, argument: Any) -> None:
    args, name = machine.pop(), machine.pop()
    machine.push(_called(machine, name, args))


def _new(machine: _Machine, argument: Any) -> None:
    args, name = machine.pop(), machine.pop()
    machine.push(_called(machine, name, args))


def _new_with_keywords(machine: _Machine, argument: Any) -> None:
    machine.pop()
    _new(machine, argument)


def _instance(machine: _Machine, argument: Any) -> None:
    machine.to_mark()
    machine.push(Unknown(str(argument).replace(" ", ".")))


def _object(machine: _Machine, argument: Any) -> None:
    name, *args = machine.to_mark() or [None]
    machine.push(_called(machine, name, tuple(args)))


def _build(machine: _Machine, argument: Any) -> None:
    """Gives an object its state: an array its numbers. What is no array keeps what it is."""
    state = machine.pop()
    target = machine.top()
    if not isinstance(target, Array) or not isinstance(state, tuple):
        return
    if target.kind is not None:  # a dtype: (version, order, …)
        target.is_swapped = len(state) > 1 and _text(state[1]) == ">"
    elif len(state) == 5:  # an array: (version, shape, dtype, is Fortran's, numbers)
        _, shape, kind, is_fortran, data = state
        filled = _filled(kind, shape, is_fortran, data)
        target.tensor = filled if isinstance(filled, Tensor) else None


def _persistent(machine: _Machine, argument: Any) -> None:
    """A storage that lies elsewhere in the file: ("storage", its class, its key, its device, its size)."""
    found = machine.pop()
    if not isinstance(found, tuple) or len(found) < 5 or found[0] != "storage":
        raise Damaged("it points to something that is no storage")
    name = found[1].name.rpartition(".")[2] if isinstance(found[1], Unknown) else ""
    if name not in _STORAGES:
        raise Damaged(f"its numbers are `{name[:40]}`, which is not known")
    key = _text(found[2]) if not isinstance(found[2], int) else str(found[2])
    if len(found) > 5 and found[5] is not None:
        raise Damaged(
            "a storage is a view of another one, as files before PyTorch 0.4 have them"
        )
    machine.push(machine.storages.setdefault(key, Storage(_STORAGES[name], key)))


def _set_items(machine: _Machine, argument: Any) -> None:
    items = machine.to_mark()
    target = machine.top()
    if isinstance(target, dict):
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_key(key)] = value


def _set_item(machine: _Machine, argument: Any) -> None:
    value, key = machine.pop(), machine.pop()
    target = machine.top()
    if isinstance(target, dict):
        target[_key(key)] = value


def _append(machine: _Machine, argument: Any) -> None:
    value = machine.pop()
    target = machine.top()
    if isinstance(target, list):
        target.append(value)


def _appends(machine: _Machine, argument: Any) -> None:
    items = machine.to_mark()
    target = machine.top()
    if isinstance(target, list):
        target.extend(items)


def _dict(machine: _Machine, argument: Any) -> None:
    items = machine.to_mark()
    pairs = zip(items[::2], items[1::2], strict=True)
    machine.push({_key(key): value for key, value in pairs})


def _tuples(count: int) -> _Operation:
    def step(machine: _Machine, argument: Any) -> None:
        items = [machine.pop() for _ in range(count)]
        machine.push(tuple(reversed(items)))

    return step


def _constant(value: Any) -> _Operation:
    return lambda machine, argument: machine.push(value)


def _literal(machine: _Machine, argument: Any) -> None:
    if isinstance(argument, int) and argument.bit_length() > _BITS:
        raise Damaged("it holds a number of more digits than any weight has")
    machine.push(argument)


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[argument] = machine.top()


def _memoize(machine: _Machine, argument: Any) -> None:
    machine.memo[len(machine.memo)] = machine.top()


def _get(machine: _Machine, argument: Any) -> None:
    machine.push(machine.memo[argument])


def _pop(machine: _Machine, argument: Any) -> None:
    if not machine.stack:
        raise Damaged("it takes more than it has put there")
    machine.stack.pop()


def _nothing(machine: _Machine, argument: Any) -> None:
    pass


_LITERALS = (
    "INT LONG LONG1 LONG4 BININT BININT1 BININT2 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES "
    "SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8"
)
_STEPS: Mapping[str, _Operation] = {
    **dict.fromkeys(_LITERALS.split(), _literal),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("PROTO", "FRAME"), _nothing),
    "MEMOIZE": _memoize,
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "MARK": _constant(_MARK),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_LIST": lambda machine, argument: machine.push([]),
    "EMPTY_DICT": lambda machine, argument: machine.push({}),
    "EMPTY_SET": lambda machine, argument: machine.push([]),
    "LIST": lambda machine, argument: machine.push(machine.to_mark()),
    "TUPLE": lambda machine, argument: machine.push(tuple(machine.to_mark())),
    "FROZENSET": lambda machine, argument: machine.push(machine.to_mark()),
    "TUPLE1": _tuples(1),
    "TUPLE2": _tuples(2),
    "TUPLE3": _tuples(3),
    "DICT": _dict,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _appends,
    "DUP": lambda machine, argument: machine.push(machine.top()),
    "POP": _pop,
    "POP_MARK": lambda machine, argument: machine.to_mark() and None,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _new,
    "NEWOBJ_EX": _new_with_keywords,
    "INST": _instance,
    "OBJ": _object,
    "BUILD": _build,
    "BINPERSID": _persistent,
}
