"""The four views, and which of them suits what is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.diagnostics.codes import files as codes
from archdsl.diagnostics.diagnostic import DiagnosticError
from archdsl.ir.fix import fix
from archdsl.ir.graph import Graph
from archdsl.questions.genotype import assignment
from archdsl_draw.cell import cell_of, entered, is_branching
from archdsl_draw.cell_view import cell_scene
from archdsl_draw.drawing import Drawing
from archdsl_draw.graph_view import graph_scene
from archdsl_draw.page import Subject
from archdsl_draw.parts import Around, look_at
from archdsl_draw.probabilities import Chances, fitting
from archdsl_draw.space_view import space_scene
from archdsl_draw.view import macro_scene

VIEWS = ("macro", "cell", "graph", "space")


def render(
    graph: Graph,
    genotype: Mapping[str, str] | None = None,
    *,
    view: str | None = None,
    depth: int | None = None,
    focus: str | None = None,
    probabilities: Chances | None = None,
) -> Drawing:
    """A space or a model as a drawing; with a genotype, the architecture that it selects.

    Views: `macro`, stages from left to right and streams as lanes; `cell`, the nodes of a cell and what flows
    between them; `graph`, the operations at a `depth`; `space`, every open choice with its alternatives.
    Without a view, the one that suits: `graph` where a depth is given, `space` where probabilities are,
    `cell` for what looks like a cell, else `macro`. `focus` is the path of the instance to look at, in all
    views but `macro`. `probabilities` are those of a search, by path and label.

    Raises DiagnosticError where the genotype names a choice (E0601) or an alternative (E0602) that the graph
    does not have, where nothing lives at the focus (E0965), where the view does not fit (E0966) or the
    probabilities do not (E0967), and where a layout needs a program of Graphviz and there is none (E0960).
    """
    if genotype is not None:
        graph = fix(graph, assignment(graph, genotype))
    chances = fitting(graph, probabilities or {})
    around = look_at(graph, focus) if focus is not None or view != "macro" else None
    chosen = view or _suiting(around, depth, bool(probabilities), graph)
    _refuse(chosen, depth, focus, probabilities, graph)
    if chosen == "macro" or around is None:
        scene = macro_scene(graph)
    elif chosen == "cell":
        scene = cell_scene(around, chances)
    elif chosen == "graph":
        scene = graph_scene(around, depth)
    else:
        scene = space_scene(graph, focus, chances)
    return Drawing(scene, Subject((graph,)))


def _suiting(around: Around | None, depth: int | None, learned: bool, graph: Graph) -> str:
    if depth is not None:
        return "graph"
    if learned and graph.choices:
        return "space"
    if around is None:
        return "macro"
    focused = around.focus.parent is not None
    if focused or learned or [i.name for i in graph.inputs] == ["x"]:
        inner = entered(around)
        if inner.focus.parent is not None and is_branching(cell_of(inner, {})):
            return "cell"
    return "graph" if focused else "macro"


def _refuse(
    view: str,
    depth: int | None,
    focus: str | None,
    probabilities: Chances | None,
    graph: Graph,
) -> None:
    problem = None
    if view not in VIEWS:
        problem = f"there is no view `{view}`", f"the views are {', '.join(VIEWS)}"
    elif depth is not None and view != "graph":
        problem = (
            f"the {view} view has no depth",
            "leave `--depth` out, or ask for `--view graph`",
        )
    elif focus is not None and view == "macro":
        problem = (
            "the macro view shows the whole architecture",
            "leave `--focus` out, or ask for `--view graph` or `--view cell`",
        )
    elif probabilities is not None and view in ("macro", "graph"):
        problem = (
            f"the {view} view does not show probabilities",
            "ask for `--view space` or `--view cell`",
        )
    elif view == "space" and not graph.choices:
        problem = (
            f"`{graph.name}` has no open choices",
            "its space has; or ask for `--view macro`",
        )
    if problem is not None:
        raise DiagnosticError(
            codes.VIEW_DOES_NOT_FIT.error(None, problem[0], help=problem[1])
        )
