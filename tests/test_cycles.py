"""Strongly connected components, held against what reaches what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archdsl.cycles import circles, components

GRAPHS = st.integers(0, 7).flatmap(
    lambda n: st.fixed_dictionaries(
        {i: st.lists(st.integers(0, n - 1), max_size=3) for i in range(n)}
    )
)


def reached(after: dict[int, list[int]], start: int) -> set[int]:
    """All nodes at the end of a path of one edge or more."""
    found: set[int] = set()
    pending = list(after[start])
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += after[node]
    return found


def test_an_example() -> None:
    after = {"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}
    assert components(after) == [("d",), ("b", "c"), ("a",)]
    assert circles(after) == [("b", "c")]
    assert circles({"a": ["a"], "b": []}) == [("a",)]


@given(GRAPHS)
def test_members_reach_each_other_and_come_after_what_they_lead_to(
    after: dict[int, list[int]],
) -> None:
    far = {node: reached(after, node) for node in after}
    found = components(after)
    assert sorted(node for members in found for node in members) == sorted(after)
    home = {node: at for at, members in enumerate(found) for node in members}
    for node in after:
        for other in after:
            together = node == other or (other in far[node] and node in far[other])
            assert (home[node] == home[other]) == together
            assert other not in far[node] or home[other] <= home[node]
    assert {node for members in circles(after) for node in members} == {
        node for node in after if node in far[node]
    }


def test_depth_is_no_limit() -> None:
    chain = {node: [node + 1] if node < 20_000 else [0] for node in range(20_001)}
    assert components(chain) == [tuple(chain)]
