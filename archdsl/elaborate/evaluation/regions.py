"""Regions: what is elaborated once per alternative where a choice alters its structure."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.elaborate.evaluation import branches
from archdsl.elaborate.evaluation.place import Place
from archdsl.elaborate.evaluation.state import Structural
from archdsl.elaborate.evaluation.values import Thing
from archdsl.ir.expr import index_of


def regional(run: Callable[[], Thing], place: Place) -> Thing:
    """Runs a region; where a choice alters its structure, once per alternative of that choice, joined by a
    Select.

    Raises Structural where the alternatives' outputs do not agree, so that a larger region is tried.
    """
    state = place.state
    mark = state.mark()
    children = len(place.instance.children)
    try:
        return run()
    except Structural as structural:
        open_choices = [c for c in structural.choices if c not in state.pinned]
        if not open_choices:
            raise
        choice = open_choices[0]
    state.undo(mark)
    del place.instance.children[children:]
    results = []
    for i in range(choice.size):
        # Alternatives exclude each other, so names may come again in the next.
        again = state.mark()
        with state.pin(choice, i):
            results.append(regional(run, place))
        state.forget(again)
    return branches.join(index_of(choice), results, choice.labels(), place)
