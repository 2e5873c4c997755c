"""Multi-valued decision diagrams: functions of many choices, each part of them kept once.

`depth + width` over depth ~ 0..2 and width ~ [8, 16] is a node that asks depth, with three children that ask
width:

    width -> (depth -> 8 | 9 | 10), (depth -> 16 | 17 | 18)

A node asks one choice and has a child for each alternative; a leaf holds a value. No node has children that
are all the same, and equal nodes are one object, so two functions are equal exactly when their roots are the
same object. What hangs on dozens of choices but takes few values stays small: the sum of sixteen choices of
sixteen numbers each has under 16 x 241 nodes, where its table would have 16 ** 16 entries.

Choices are asked from the last of the text to the first. Whether something is live depends on what comes
after it: which of six nodes are picked at the end decides at once of which others the inputs are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from archdsl.ir.choice import Choice
from archdsl.ir.undefined import Undefined
from archdsl.ir.work import spend

STEP_LIMIT = 1_000_000  # answers that one operation may follow
_LAST = 1 << 60  # the rank of a leaf: after every choice
_FIRST = itemgetter(0)
_RANK = attrgetter("rank")
_PARTIAL = attrgetter("partial")


class TooWide(Exception):
    """A function of so many choices that its diagram, or its table, cannot be kept within the limit."""

    def __init__(self, scope: Iterable[Choice], message: str) -> None:
        super().__init__(message)
        self.scope = tuple(scope)


class Node:
    """A question and the functions that remain after each answer to it."""

    __slots__ = ("__weakref__", "choice", "kids", "partial", "rank")

    def __init__(self, choice: Choice, kids: tuple[Diagram, ...]) -> None:
        self.choice = choice
        self.kids = kids
        self.rank = -choice.order
        self.partial = any(map(_PARTIAL, kids))  # whether it is undefined somewhere


class Leaf:
    """A value."""

    __slots__ = ("__weakref__", "partial", "value")
    rank = _LAST

    def __init__(self, value: Any) -> None:
        self.value = value
        self.partial = value.__class__ is Undefined


Diagram: TypeAlias = Node | Leaf
_State = TypeVar("_State", bound=Hashable)

_leaves: WeakValueDictionary[Any, Leaf] = WeakValueDictionary()


def leaf(value: Any) -> Leaf:
    """The leaf of a value; 1, 1.0 and True are told apart."""
    key = (
        (value.__class__, tuple(map(type, value)), value)
        if value.__class__ is tuple
        else (value.__class__, value)
    )
    known = _leaves.get(key)
    if known is None:
        known = _leaves[key] = Leaf(value)
    return known


YES, NO = leaf(True), leaf(False)
_FALSE: frozenset[Diagram] = frozenset((NO,))


def node(choice: Choice, kids: tuple[Diagram, ...]) -> Diagram:
    """The one node that asks a choice and has these children; the child itself where they are all the
    same.
    """
    first = kids[0]
    for kid in kids:
        if kid is not first:
            break
    else:
        return first
    known: Node | None = choice.nodes.get(kids)
    if known is None:
        known = choice.nodes[kids] = Node(choice, kids)
    return known


def from_table(scope: Sequence[Choice], table: Sequence[Any]) -> Diagram:
    """The diagram of a table; the last choice of the scope varies fastest."""
    known: dict[Any, Leaf] = {}
    row: list[Diagram] = []
    for value in table:
        key = (value.__class__, value)
        found = known.get(key)
        if found is None:
            found = known[key] = leaf(value)
        row.append(found)
    for choice in scope:
        width = len(row) // choice.size
        row = [node(choice, tuple(row[k::width])) for k in range(width)]
    spend(len(table) // 8)
    return row[0]


def to_table(root: Diagram, scope: Sequence[Choice]) -> tuple[Any, ...]:
    """The table of a diagram over a scope that holds all of its choices, in program order."""
    row: list[Diagram] = [root]
    for choice in reversed(scope):
        after = [
            part.kids if part.__class__ is Node and part.choice is choice else None
            for part in row
        ]
        below: list[Diagram] = []
        for index in range(choice.size):
            below.extend(
                [
                    part if kids is None else kids[index]
                    for part, kids in zip(row, after, strict=True)
                ]
            )
        row = below
    # After all choices there are leaves.
    return tuple([part.value for part in row])  # type: ignore[union-attr]


def nodes_of(*roots: Diagram) -> list[Node]:
    """Every node below the roots once, parents before children."""
    found = {
        root: None for root in roots if isinstance(root, Node)
    }  # in an order that never changes
    stack = list(found)
    while stack:
        for kid in stack.pop().kids:
            if kid.__class__ is Node and kid not in found:
                found[kid] = None
                stack.append(kid)
    return sorted(found, key=_RANK)


def support(*roots: Diagram) -> tuple[Choice, ...]:
    """The choices that the functions depend on, in program order."""
    return tuple(dict.fromkeys([each.choice for each in reversed(nodes_of(*roots))]))


def values(root: Diagram) -> tuple[Any, ...]:
    """The distinct values of a function, in an order that depends on nothing else."""
    found: dict[Leaf, None] = {}
    seen: set[Diagram] = set()
    stack: list[Diagram] = [root]
    while stack:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        if isinstance(here, Leaf):
            found[here] = None
        else:
            stack.extend(reversed(here.kids))
    return tuple([each.value for each in found])


def at(root: Diagram, assignment: Mapping[Choice, int]) -> Any:
    """The value where each choice has the alternative with this index."""
    here = root
    while isinstance(here, Node):
        here = here.kids[assignment[here.choice]]
    return here.value


def answers(root: Diagram, choice: Choice) -> tuple[Diagram, ...]:
    """What is left of a function after each answer to a choice, wherever it is asked."""
    if root.rank > -choice.order:
        return (root,) * choice.size
    if isinstance(root, Node) and root.choice is choice:
        return root.kids
    return tuple([restricted(root, {choice: index}) for index in range(choice.size)])


# -- operations ---------------------------------------------------------------------------------------


def unfold(
    start: _State,
    rank: Callable[[_State], int],
    settle: Callable[[_State], Diagram | None],
    split: Callable[[_State, int], tuple[Choice, list[_State]]],
) -> Diagram:
    """The diagram that grows out of a state, choice by choice; equal states are one.

    `settle` gives the diagram of a state that is decided, `rank` says which choice is next, and `split` gives
    that choice and the state after each of its answers. Raises TooWide where more than STEP_LIMIT answers are
    followed.
    """
    done = settle(start)
    if done is not None:
        return done
    found: dict[_State, Any] = {
        start: None
    }  # diagrams; None where a state is waiting for its own
    plan: list[tuple[int, _State, Choice, list[_State]]] = []
    waiting = [start]
    steps = 0
    while waiting:
        state = waiting.pop()
        now = rank(state)
        choice, after = split(state, now)
        plan.append((now, state, choice, after))
        steps += len(after)
        if steps > STEP_LIMIT:
            raise _too_many([choice for _, _, choice, _ in plan])
        for each in after:
            if each not in found:
                done = found[each] = settle(each)
                if done is None:
                    waiting.append(each)
    spend(steps * (len(start) if isinstance(start, tuple) else 2) // 2)
    # What is asked last is known first.
    plan.sort(key=_FIRST)
    for _, state, choice, after in reversed(plan):
        found[state] = node(choice, tuple([found[each] for each in after]))
    result: Diagram = found[start]
    return result


def _too_many(followed: Iterable[Choice]) -> TooWide:
    asked = sorted(set(followed), key=lambda c: c.order)
    message = (
        f"an expression over {len(asked)} choices or more takes over {STEP_LIMIT:,} steps"
    )
    return TooWide(asked, message)


def combine(
    settle: Callable[[tuple[Diagram, ...]], Diagram | None], roots: Sequence[Diagram]
) -> Diagram:
    """A function of functions: `settle` decides a tuple of diagrams as soon as it can, at the latest when all
    are leaves.
    """
    return unfold(tuple(roots), _first_rank, settle, _split)


def pointwise(
    call: Callable[[Sequence[Any]], Any],
) -> Callable[[tuple[Diagram, ...]], Diagram | None]:
    """What settles a strict operation: `call` gets the values once all of them are known."""

    def settle(state: tuple[Diagram, ...]) -> Diagram | None:
        row = []
        for each in state:
            if each.__class__ is Node:
                return None
            row.append(each.value)  # type: ignore[union-attr]
        return leaf(call(row))

    return settle


def _junction(
    absorbing: Leaf, neutral: Leaf
) -> Callable[[tuple[Diagram, ...]], Diagram | None]:
    """Settles `a and b` or `a or b`: b is not asked where a decides, and an undefined a stays undefined."""

    def settle(state: tuple[Diagram, ...]) -> Diagram | None:
        a, b = state
        if a is absorbing or a is b or (a.rank == _LAST and a.partial):
            return a
        if a is neutral:
            return b
        if b is neutral:
            return a
        return b if b is absorbing and not a.partial else None

    return settle


conjunction = _junction(NO, YES)
disjunction = _junction(YES, NO)


def selection(state: tuple[Diagram, ...]) -> Diagram | None:
    """Settles `options[index]`; an option that is not selected may be undefined."""
    index = state[0]
    if isinstance(index, Node):
        return None
    return index if index.partial else state[1 + index.value]


def restricted(root: Diagram, assignment: Mapping[Choice, int]) -> Diagram:
    """The function with some choices settled."""
    found: dict[Diagram, Diagram] = {}
    for each in reversed(nodes_of(root)):
        index = assignment.get(each.choice)
        if index is not None:
            kid = each.kids[index]
            found[each] = found.get(kid, kid)
        else:
            found[each] = node(
                each.choice, tuple([found.get(kid, kid) for kid in each.kids])
            )
    return found.get(root, root)


def replaced(root: Diagram, fn: Callable[[Any], Any]) -> Diagram:
    """The function with `fn` of every value."""
    if isinstance(root, Leaf):
        return leaf(fn(root.value))
    found: dict[Diagram, Diagram] = {}
    edges = 0
    for each in reversed(nodes_of(root)):
        for kid in each.kids:
            if kid not in found:  # a leaf: nodes below were found before
                assert isinstance(kid, Leaf)
                found[kid] = leaf(fn(kid.value))
        found[each] = node(each.choice, tuple([found[kid] for kid in each.kids]))
        edges += len(each.kids)
    spend(edges // 2)
    return found[root]


def somewhere(root: Diagram, choices: frozenset[Choice]) -> Diagram:
    """Whether a condition holds for some answers to these choices, by the answers to the others."""

    def settle(state: frozenset[Diagram]) -> Diagram | None:
        if YES in state:
            return YES
        if len(state) > 1:
            return None
        (only,) = state
        if isinstance(only, Leaf):
            return only
        return None if choices_below(only) else only

    def choices_below(each: Node) -> bool:
        if each not in below:
            for inner in reversed(nodes_of(each)):
                below[inner] = inner.choice in choices or any(
                    below.get(kid, False) for kid in inner.kids
                )
        return below[each]

    def split(
        state: frozenset[Diagram], rank: int
    ) -> tuple[Choice, list[frozenset[Diagram]]]:
        choice = _choice_of(state, rank)
        after = [_answered(state, choice, index) for index in range(choice.size)]
        if choice in choices:
            after = [frozenset().union(*after)]
        return choice, [one - _FALSE or _FALSE for one in after]

    below: dict[Diagram, bool] = {}
    return unfold(frozenset((root,)), _least_rank, settle, split)


def varies(root: Diagram, choice: Choice) -> Diagram:
    """Where, by the answers to the other choices, a function has different values for some answers to this
    one.
    """
    taken = _values_taken(root)

    def settle(state: Diagram | frozenset[Diagram]) -> Diagram | None:
        if isinstance(state, frozenset):
            if len(state) == 1:
                return NO
            common = -1
            for each in state:
                common &= taken[each]
            return (
                None if common else YES
            )  # without a value in common they differ everywhere
        return NO if state.rank > -choice.order else None

    def split(state: Diagram | frozenset[Diagram], rank: int) -> tuple[Choice, list[Any]]:
        if isinstance(state, frozenset):
            asked = _choice_of(state, rank)
            return asked, [_answered(state, asked, index) for index in range(asked.size)]
        assert isinstance(state, Node)
        if state.choice is choice:
            return choice, [frozenset(state.kids)]
        return state.choice, list(state.kids)

    def rank(state: Diagram | frozenset[Diagram]) -> int:
        return _least_rank(state) if isinstance(state, frozenset) else state.rank

    return unfold(root, rank, settle, split)


def _values_taken(root: Diagram) -> dict[Diagram, int]:
    """The values that each part of a function can take, as a set of bits."""
    taken: dict[Diagram, int] = {}
    if isinstance(root, Leaf):
        return {root: 1}
    leaves = 0
    for each in reversed(nodes_of(root)):
        bits = 0
        for kid in each.kids:
            if isinstance(kid, Leaf) and kid not in taken:
                taken[kid] = 1 << leaves
                leaves += 1
            bits |= taken[kid]
        taken[each] = bits
    return taken


def _answered(state: frozenset[Diagram], choice: Choice, index: int) -> frozenset[Diagram]:
    """The functions that remain of each after an answer."""
    after: set[Diagram] = set()
    for each in state:
        after.add(
            each.kids[index] if isinstance(each, Node) and each.choice is choice else each
        )
    return frozenset(after)


def _split(
    state: tuple[Diagram, ...], rank: int
) -> tuple[Choice, list[tuple[Diagram, ...]]]:
    columns: list[Iterable[Diagram]] = []
    for each in state:
        if each.rank == rank:
            choice = each.choice  # type: ignore[union-attr]  # leaves come after every choice
            columns.append(each.kids)  # type: ignore[union-attr]
        else:
            columns.append(repeat(each))
    return choice, list(zip(*columns, strict=False))


def _choice_of(state: frozenset[Diagram], rank: int) -> Choice:
    for each in state:
        if each.rank == rank:
            break
    assert isinstance(each, Node)
    return each.choice


def _first_rank(state: tuple[Diagram, ...]) -> int:
    first = _LAST
    for each in state:
        if each.rank < first:
            first = each.rank
    return first


def _least_rank(state: frozenset[Diagram]) -> int:
    return min([each.rank for each in state])
