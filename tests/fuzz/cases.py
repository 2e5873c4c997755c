"""What is tried: for each command, files and arguments of which one or two are damaged.

case = STAGES["summary"].make(Random(7))
case.args     ["summary", "x.arch:net", "--set", "width=0"]
case.files    {"x.arch": b"arch 1…"}
case.kind     what is damaged: "text", "yaml", "genotype", "options" …
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from archdsl.cli.main import COMMANDS
from archdsl.diagnostics.codes import CODES
from archdsl.ops.table import PRIMITIVES
from tests.fuzz import seeds
from tests.fuzz.mutations import (
    MARKS,
    NUMBERS,
    STRANGE,
    mutated_bytes,
    mutated_json,
    mutated_text,
    nudged_text,
)


@dataclass(frozen=True, slots=True)
class Case:
    """Files in an empty folder, what is called there, and what stands on standard input. Without arguments
    the first file is only read and formatted, or checked.
    """

    kind: str
    files: Mapping[str, bytes]
    args: Sequence[str] = ()
    stdin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Cases of one command; `share` is how many are tried where 300,000 are read."""

    name: str
    share: int
    make: Callable[[Random], Case] = field(repr=False)


# -- files ---------------------------------------------------------------------------------------------


def _damaged(random: Random, text: str) -> bytes:
    """A text, more or less: sound, changed in its tokens, or in its bytes."""
    kind = random.random()
    if kind < 0.1:
        return text.encode()
    if kind < 0.92:
        return mutated_text(random, text, seeds.words()).encode(errors="surrogatepass")
    if kind < 0.96:
        return " ".join(random.choices(seeds.words(), k=random.randrange(60))).encode()
    return mutated_bytes(random, text.encode())


def _document(random: Random) -> Case:
    """One file of text or YAML."""
    if random.random() < 0.01:
        return Case(
            "heavy text", {"x.arch": _damaged(random, random.choice(seeds.heavy()))}
        )
    if random.random() < 0.75:
        return Case("text", {"x.arch": _damaged(random, random.choice(seeds.texts()))})
    return Case("yaml", {"x.yaml": _damaged(random, seeds.yaml(random))})


def _checked(random: Random) -> Case:
    if random.random() < 0.15:
        return Case("plan", {"x.arch": _damaged(random, random.choice(seeds.plans()))})
    return _document(random)


def _network(random: Random) -> tuple[str, str, str, bytes]:
    """Kind, file, name and content: a network to ask about. What is sound gets further, so much of it is."""
    text = seeds.NET if random.random() < 0.3 else random.choice(_named())
    names = _names(text)
    name = random.choice(names) if names else "net"
    kind = random.random()
    if kind < 0.35:
        return "options", "x.arch", name, text.encode()
    if kind < 0.65:
        return (
            "text",
            "x.arch",
            name,
            nudged_text(random, text).encode(errors="surrogatepass"),
        )
    if kind < 0.9:
        return (
            "text",
            "x.arch",
            name,
            mutated_text(random, text, seeds.words()).encode(errors="surrogatepass"),
        )
    return "yaml", "x.yaml", name, _damaged(random, seeds.yaml(random))


@cache
def _named() -> Sequence[str]:
    """Texts that declare something to ask about; twice as many sound ones."""
    return [text for text in (*seeds.sound(), *seeds.texts()) if _names(text)]


def _names(text: str) -> list[str]:
    words = text.replace("(", " ").split()
    return [b for a, b in pairwise(words) if a in ("space", "model", "genotype")]


def _genotype(random: Random) -> tuple[str, bytes]:
    """A file with a genotype of NET, which lies beside it as net.arch."""
    text = (
        "arch 1\nuse net: net\n"
        + seeds.NET[seeds.NET.index("genotype chosen") :].split("\n", 1)[0]
        + "\n"
    )
    return "g.arch", _damaged(random, text)


# -- arguments -----------------------------------------------------------------------------------------

_VALUES = (
    *NUMBERS,
    *STRANGE,
    *MARKS,
    "[1, 2]",
    "(1, 2)",
    "relu",
    "[relu, gelu]",
    "same",
    '"same"',
    "x" * 3000,
)


def _value(random: Random) -> str:
    if random.random() < 0.7:
        return random.choice(_VALUES)
    return random.choice(seeds.words()) + random.choice(_VALUES)


def _asked(random: Random) -> list[str]:
    """Options that decide which network is meant."""
    found: list[str] = []
    while random.random() < 0.35:
        kind = random.randrange(3)
        if kind == 0:
            name = random.choice(
                (
                    "width",
                    "classes",
                    "norm",
                    "frames",
                    "size",
                    "kernel",
                    random.choice(STRANGE),
                )
            )
            found += [
                "--set",
                f"{name}{random.choice(('=', '=', '=', ' ', ''))}{_value(random)}",
            ]
        elif kind == 1:
            sizes = "x".join(
                random.choice((*"12345678", "224", "0", "-1", "x", "²"))
                for _ in range(random.randrange(6))
            )
            found += ["--input", f"{random.choice(('x', 'clip', ''))}={sizes}"]
        else:
            found += [
                "--genotype",
                random.choice(
                    ("chosen", "other", "x.arch:chosen", "x.arch", _value(random))
                ),
            ]
    return [_argument(each) for each in found]


def _argument(text: str) -> str:
    """What an operating system can pass on: no NUL."""
    return text.replace("\0", "")


def _numbers(random: Random, *options: str) -> list[str]:
    """Options that take a number, some of them, with numbers of all kinds."""
    found: list[str] = []
    for option in options:
        if random.random() < 0.3:
            found += [option, _argument(random.choice((*NUMBERS, _value(random))))]
    return found


def _flag(random: Random, *options: str) -> list[str]:
    return [option for option in options if random.random() < 0.3]


def _of_network(
    command: str, *more: Callable[[Random], list[str]]
) -> Callable[[Random], Case]:
    """Cases of a command that takes FILE:NAME."""

    def make(random: Random) -> Case:
        kind, file, name, content = _network(random)
        files = {file: content}
        asked = _asked(random)
        if random.random() < 0.15:
            genotype, text = _genotype(random)
            kind, file, name = "genotype", "net.arch", "net"
            files = {file: seeds.NET.encode(), genotype: text}
            asked = ["--genotype", genotype]
        reference = f"{file}:{name}" if random.random() < 0.9 else file
        args = [command, reference, *asked]
        for options in more:
            args += options(random)
        return Case(kind, files, args)

    return make


def _output(*suffixes: str) -> Callable[[Random], list[str]]:
    return lambda random: ["-o", f"out{random.choice(suffixes)}"]


def _drawing(random: Random) -> list[str]:
    found = []
    if random.random() < 0.4:
        found += ["--view", random.choice(("macro", "cell", "graph", "space"))]
    if random.random() < 0.2:
        found += [
            "--focus",
            _argument(
                random.choice(("stage[0]", "stem", "stage[*]", "a.b", _value(random)))
            ),
        ]
    return found + _numbers(random, "--depth", "--scale")


# -- one function a command ----------------------------------------------------------------------------


def _check(random: Random) -> Case:
    case = _checked(random)
    (file,) = case.files
    return Case(case.kind, case.files, ["check", file, *_flag(random, "--json")])


def _fmt(random: Random) -> Case:
    text = _damaged(random, random.choice(seeds.texts()))
    return Case("text", {"x.arch": text}, ["fmt", "x.arch", *_flag(random, "--check")])


def _convert(random: Random) -> Case:
    case = _document(random)
    (file,) = case.files
    return Case(
        case.kind, case.files, ["convert", file, random.choice(("out.arch", "out.yaml"))]
    )


def _diff(random: Random) -> Case:
    kind, file, name, content = _network(random)
    other = random.choice((name, *seeds.NETWORKS))
    changed = mutated_text(random, content.decode(errors="replace"), seeds.words()).encode(
        errors="surrogatepass"
    )
    a, b = f"{file}:{name}", f"b{file}:{other}" if random.random() < 0.8 else f"b{file}"
    form = random.choice(
        (
            [],
            ["--full"],
            ["--json"],
            ["--format", "markdown"],
            ["--patch"],
            ["-o", "out.svg"],
        )
    )
    return Case(kind, {file: content, f"b{file}": changed}, ["diff", a, b, *form])


def _git_diff(random: Random) -> Case:
    text = random.choice(seeds.texts())
    files = {"old.arch": text.encode(), "new.arch": _damaged(random, text)}
    path = f"{random.choice(STRANGE)}x.arch".replace("\0", "")
    return Case(
        "text", files, ["git-diff", path, "old.arch", "0", "0", "new.arch", "0", "0"]
    )


def _patch(random: Random) -> Case:
    name, change = random.choice(seeds.patches())
    kind = random.random()
    if kind < 0.85:
        change = _other_end(random, change) if kind < 0.5 else mutated_json(random, change)
        text = json.dumps(change, ensure_ascii=random.random() < 0.5).encode(
            errors="surrogatepass"
        )
    else:
        text = mutated_bytes(random, json.dumps(change).encode())
    args = ["patch", f"net.arch:{name}", "p.json"]
    if random.random() < 0.1:
        args = ["patch", f"net.arch:{random.choice(seeds.NETWORKS)}", "p.json", "--reverse"]
    if random.random() < 0.3:
        args += ["-o", random.choice(("out.json", "out.arch", "out.py"))]
    return Case("IR patch", {"net.arch": seeds.NET.encode(), "p.json": text}, args)


def _other_end(random: Random, change: Any) -> Any:
    """A patch that fits where it begins, and leads elsewhere."""
    changes = [dict(one) for one in change.get("changes", change.get("answers", []))]
    if not changes:
        return mutated_json(random, change)
    for _ in range(random.choice((1, 1, 2))):
        one = random.choice(changes)
        one[random.choice(("after", "after", "after", "at"))] = mutated_json(
            random, one.get("after")
        )
    return {**change, "changes": changes}


def _import_weights(random: Random) -> Case:
    suffix, content = seeds.checkpoint(random)
    files = {"net.arch": seeds.NET.encode(), f"w{suffix}": content}
    args = [
        "import-weights",
        "net.arch:fixed",
        f"w{suffix}",
        "-o",
        "out.safetensors",
        *_flag(random, "--json"),
    ]
    kind = random.random()
    if kind < 0.4:
        files[f"w{suffix}"] = mutated_bytes(random, content)
        return Case("checkpoint", files, args)
    if kind < 0.6:
        files["t.rename"] = _damaged(random, random.choice(seeds.tables()))
        return Case("rename table", files, [*args, "--table", "t.rename"])
    if kind < 0.7:
        files["net_t.rename"] = _damaged(random, random.choice(seeds.tables()))
        return Case("rename table", files, args)
    while random.random() < 0.5:
        args += [
            "--anew",
            _argument(random.choice(("head", "stage.0", "stage[0].conv", _value(random)))),
        ]
    return Case("checkpoint", files, [*args, *_numbers(random, "--seed")])


def _migrate_weights(random: Random) -> Case:
    suffix, content = seeds.checkpoint(random)
    if random.random() < 0.3:
        content = mutated_bytes(random, content)
    edited = seeds.NET.encode() if random.random() < 0.4 else _damaged(random, seeds.NET)
    files = {"net.arch": seeds.NET.encode(), "b.arch": edited, f"w{suffix}": content}
    args = [
        "migrate-weights",
        f"w{suffix}",
        "net.arch:fixed",
        f"b.arch:{random.choice(('fixed', 'edited', 'chosen'))}",
    ]
    return Case(
        "checkpoint",
        files,
        [
            *args,
            "-o",
            "out.safetensors",
            *_flag(random, "--json"),
            *_numbers(random, "--seed"),
        ],
    )


def _compile_weights(random: Random) -> Case:
    suffix, content = seeds.checkpoint(random)
    if random.random() < 0.4:
        content = mutated_bytes(random, content)
    files = {"net.arch": seeds.NET.encode(), f"w{suffix}": content}
    args = [
        "compile",
        "net.arch:fixed",
        "--weights",
        f"w{suffix}",
        "-o",
        random.choice(("out.safetensors", "out.py")),
    ]
    return Case("checkpoint", files, args)


def _render_probabilities(random: Random) -> Case:
    chances = {
        "stage[0].channels": {"4": 0.25, "8": 0.5, "12": 0.25},
        "deep": {"identity": 1.0, "more": 0.0},
    }
    record = {"event": "epoch", "round": 3, "probabilities": chances}
    lines = [
        json.dumps(mutated_json(random, record)) for _ in range(random.randrange(1, 4))
    ]
    text = "\n".join(lines).encode(errors="surrogatepass")
    files = {
        "net.arch": seeds.NET.encode(),
        "m.jsonl": text if random.random() < 0.8 else mutated_bytes(random, text),
    }
    args = [
        "render",
        "net.arch:net",
        "--probabilities",
        "m.jsonl",
        "-o",
        random.choice(("out.svg", "out.html")),
    ]
    return Case("log of a run", files, args)


def _compile(random: Random) -> Case:
    if random.random() < 0.15:
        return _compile_weights(random)
    output = _output(".json", ".json", ".py", ".py", ".safetensors")
    return _of_network("compile", output, lambda random: _numbers(random, "--seed"))(random)


def _render(random: Random) -> Case:
    if random.random() < 0.15:
        return _render_probabilities(random)
    return _of_network("render", _output(".svg", ".html", ".dot"), _drawing)(random)


def _search(random: Random) -> Case:
    text = seeds.NET if random.random() < 0.6 else random.choice(seeds.plans())
    kind = random.random()
    content = (
        text.encode()
        if kind < 0.3
        else mutated_text(random, text, seeds.words()).encode(errors="surrogatepass")
    )
    names = [b for a, b in pairwise(text.split()) if a == "search"]
    args = [
        "search",
        f"x.arch:{random.choice((*names, 'plan'))}",
        "--run",
        "run",
        *_numbers(random, "--seed", "--chunks"),
    ]
    if random.random() < 0.7:
        args += [
            "--data",
            _argument(
                random.choice(
                    ("motion", "motion(frames = 2)", "tensor:x.npz", _value(random))
                )
            ),
        ]
    return Case("options" if kind < 0.3 else "plan", {"x.arch": content}, args)


def _train(random: Random) -> Case:
    kind, file, name, content = _network(random)
    data = _argument(
        random.choice(("motion", "motion", "tensor:x.npz", "video:.", _value(random)))
    )
    args = ["train", f"{file}:{name}", "--run", "run", "--data", data, *_asked(random)]
    args += _numbers(random, "--seed", "--chunks", "--epochs", "--batch", "--optimiser")
    return Case(kind, {file: content}, args)


def _explain(random: Random) -> Case:
    words = (*CODES, *PRIMITIVES, _value(random))
    return Case(
        "options",
        {},
        [
            "explain",
            _argument(random.choice(words) + random.choice(("", *STRANGE))),
            *_flag(random, "--json"),
        ],
    )


def _list(random: Random) -> Case:
    return Case(
        "options", {}, ["list", _argument(_value(random)), *_flag(random, "--json")]
    )


def _any(random: Random) -> Case:
    """Arguments as somebody who has not read the help would give them."""
    pool = (
        *COMMANDS,
        "x.arch",
        "x.arch:net",
        "--json",
        "-o",
        "out.svg",
        "--set",
        "--help",
        "--",
        "-",
        _value(random),
    )
    args = [_argument(random.choice(pool)) for _ in range(random.randrange(1, 6))]
    args = [arg for arg in args if arg not in ("--install-git", "search", "train")]
    return Case(
        "any", {"x.arch": seeds.NET.encode()}, args or ["check"], stdin=seeds.NET.encode()
    )


STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("read and format", 300_000, _document),
        Stage("check", 50_000, _check),
        Stage("summary", 5_000, _of_network("summary", lambda random: _flag(random, "--json"))),
        Stage("sample", 5_000, _of_network("sample", lambda random: [*_numbers(random, "--seed", "--max-macs"), *_flag(random, "--json")])),
        Stage("compile", 5_000, _compile),
        Stage("render", 5_000, _render),
        Stage("diff", 5_000, _diff),
        Stage("git-diff", 5_000, _git_diff),
        Stage("patch", 5_000, _patch),
        Stage("import-weights", 5_000, _import_weights),
        Stage("migrate-weights", 5_000, _migrate_weights),
        Stage("search", 5_000, _search),
        Stage("train", 5_000, _train),
        Stage("fmt", 5_000, _fmt),
        Stage("convert", 5_000, _convert),
        Stage("explain", 5_000, _explain),
        Stage("list", 5_000, _list),
        Stage("any arguments", 5_000, _any),
    )
}  # fmt: skip
