"""Draws what ships: `docs/gallery.md` and the pictures in `docs/gallery/`. `make docs` runs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from archdsl.architecture import Architecture, load
from archdsl.compare import diff
from archdsl.diagnostics.source import Source
from archdsl.ir.graph import Graph
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.shipped import shipped
from archdsl_draw import Drawing, render, render_difference

DOCS = Path(__file__).parent
PICTURES = "gallery"

FIGURES: Mapping[str, tuple[str, Callable[[], Drawing]]] = {
    "figure_autox3d": (
        "A genotype of AutoX3D, `archdsl render zoo/autox3d.arch:autox3d_s`: height is expansion, colour "
        "the kernel, a star attention.",
        lambda: render(load("zoo/autox3d.arch:autox3d_s").graph, view="macro"),
    ),
    "figure_auto_tsnet": (
        "A genotype of Auto-TSNet, `archdsl sample zoo/autotsnet.arch:auto_tsnet --seed 1 --max-macs "
        "2.0G`: two streams and their fusion.",
        lambda: _sampled("zoo/autotsnet.arch:auto_tsnet", seed=1, most=2.0e9),
    ),
    "figure_attention_cell": (
        "An attention cell, `archdsl render zoo/motion.arch:cells_specific --view cell --focus "
        "stage[0].unit.cell`: dashes are open.",
        lambda: render(
            load("zoo/motion.arch:cells_specific").graph,
            view="cell",
            focus="stage[0].unit.cell",
        ),
    ),
    "figure_gpb_cell": (
        "The cell that AttentionNAS's bandit searches, `archdsl render "
        "zoo/attentionnas.arch:attention_cell_gpb --view cell`.",
        lambda: render(load("zoo/attentionnas.arch:attention_cell_gpb").graph, view="cell"),
    ),
    "figure_darts_cell": (
        "The normal cell of DARTS, `archdsl render zoo/nas.arch:darts_v2_cifar --view cell --focus cell[3]`.",
        lambda: render(
            load("zoo/nas.arch:darts_v2_cifar").graph, view="cell", focus="cell[3]"
        ),
    ),
    "figure_space": (
        "A space, `archdsl render zoo/autox3d.arch:autox3d --view space`: every choice with its "
        "alternatives.",
        lambda: render(load("zoo/autox3d.arch:autox3d").graph, view="space"),
    ),
    "figure_diff": (
        "Two genotypes of AutoX3D compared, `archdsl diff one.arch two.arch -o diff.svg`: what is pale is "
        "the same in both.",
        lambda: _difference(
            *(
                _genotype("zoo/autox3d.arch:autox3d", seed=seed, most=2.0e9)
                for seed in (1, 2)
            )
        ),
    ),
    "figure_diff_streams": (
        "A stream added, `archdsl diff zoo/slowfast.arch:slow_8x8_r50 zoo/slowfast.arch:slowfast_8x8_r50 "
        "-o diff.svg`.",
        lambda: _difference(
            *(
                load(f"zoo/slowfast.arch:{name}_8x8_r50").graph
                for name in ("slow", "slowfast")
            )
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A declaration that ships. `is_drawn` where it is a network; blocks and plans have no picture of their
    own.
    """

    file: str
    name: str
    kind: str
    caption: str
    is_drawn: bool

    @property
    def picture(self) -> str:
        return f"{PICTURES}/{Path(self.file).stem}_{self.name}.svg"


def entries() -> Iterator[Entry]:
    """Every declaration of specs/, in the order of the files."""
    root = shipped("specs")
    for path in sorted(root.rglob("*.arch")):
        file, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        tree, _ = parse(Source(file, text))
        for declaration in tree.declarations:
            is_net = isinstance(declaration, ast.Net)
            kind = declaration.kind if is_net else type(declaration).__name__.lower()
            is_open = isinstance(declaration, ast.Net) and any(
                p.default is None for p in declaration.params or ()
            )
            if isinstance(declaration, ast.Net | ast.Block | ast.Genotype | ast.Search):
                drawn = kind in ("space", "model", "genotype") and not is_open
                yield Entry(
                    file,
                    declaration.name,
                    kind,
                    caption(text, kind, declaration.name),
                    drawn,
                )


def caption(text: str, kind: str, name: str) -> str:
    """The comment over a declaration, or over the group of one-line declarations that it stands in; else its
    first line.
    """
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if re.match(rf"{kind}\s+{name}\b", line))
    declaration = re.sub(r"\s+", " ", lines[at].partition("#")[0]).rstrip(" {([")
    while at and re.match(
        r"(space|model|genotype|block|search)\s+\w+.*[^{(\[]$", lines[at - 1]
    ):
        at -= 1
    comment: list[str] = []
    while at and lines[at - 1].startswith("#") and not lines[at - 1].startswith("# --"):
        at -= 1
        comment.insert(0, lines[at].lstrip("# ").rstrip())
    return " ".join(comment) or f"`{declaration}`"


def heading(file: str) -> str:
    """The comment at the top of a file."""
    lines = (shipped("specs") / file).read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("#")), len(lines))
    comment = []
    for line in lines[start:]:
        if not line.startswith("#") or line.startswith("# --"):
            break
        comment.append(line.lstrip("# "))
    return " ".join(comment)


def draw(entry: Entry) -> Drawing:
    """The picture of an entry: the view that suits it."""
    return render(replace(load(f"{entry.file}:{entry.name}").graph, name=entry.name))


def page(found: list[Entry], facts: Mapping[str, str]) -> str:
    """The gallery as Markdown; `facts` are the sizes of each network, by its picture."""
    lines = [
        "# Gallery",
        "",
        "What ships with archdsl, drawn by `archdsl render`. `make docs` writes this page.",
        "",
    ]
    for name, (text, _) in FIGURES.items():
        lines += [text, "", f"![{_plain(text)}]({PICTURES}/{name}.svg)", ""]
    for file in dict.fromkeys(entry.file for entry in found):
        inside = [entry for entry in found if entry.file == file]
        lines += [f"## {file}", "", heading(file), ""]
        for kind, word in (("block", "Blocks"), ("search", "Plans")):
            names = [f"`{entry.name}`" for entry in inside if entry.kind == kind]
            lines += [f"{word}: {', '.join(names)}.", ""] if names else []
        for entry in inside:
            if entry.is_drawn:
                said = (
                    f" {entry.caption}"
                    if entry.caption and entry.caption != heading(file)
                    else ""
                )
                lines += [
                    f"**`{entry.file}:{entry.name}`**, {facts[entry.picture]}.{said}",
                    "",
                ]
                lines += [f"![{entry.name}]({entry.picture})", ""]
            elif entry.kind in ("space", "model"):
                lines += [
                    f"**`{entry.file}:{entry.name}`** takes arguments: what follows are some.",
                    "",
                ]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    return re.split("[,:]", text)[0]


def _sampled(reference: str, seed: int, most: float) -> Drawing:
    space: Architecture = load(reference)
    named = replace(space.graph, name=f"{space.name}, a genotype")
    return render(named, space.sample(seed, most), view="macro")


def _genotype(reference: str, seed: int, most: float) -> Graph:
    space: Architecture = load(reference)
    return space.fix(space.sample(seed, most)).graph


def _difference(one: Graph, two: Graph) -> Drawing:
    return render_difference(one, two, diff(one, two))


def _write(entry: Entry) -> tuple[str, str]:
    drawing = draw(entry)
    drawing.save(DOCS / entry.picture)
    return entry.picture, drawing.scene.description


def main() -> None:
    """Writes every picture and the page; what has no entry any more goes."""
    folder = DOCS / PICTURES
    folder.mkdir(exist_ok=True)
    found = list(entries())
    for name, (_, figure) in FIGURES.items():
        figure().save(folder / f"{name}.svg")
    with ProcessPoolExecutor(2) as workers:
        facts = dict(workers.map(_write, [entry for entry in found if entry.is_drawn]))
    kept = {DOCS / picture for picture in facts} | {
        folder / f"{name}.svg" for name in FIGURES
    }
    for path in set(folder.glob("*.svg")) - kept:
        path.unlink()
    (DOCS / "gallery.md").write_text(page(found, facts), encoding="utf-8")


if __name__ == "__main__":
    main()
