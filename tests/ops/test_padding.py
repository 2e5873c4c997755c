"""Padding amounts: TensorFlow's "same" against its definition, and counting windows one by one."""

from __future__ import annotations

import itertools

import pytest

from archdsl.ops.sizes import padding_amounts, window_count

CASES = list(itertools.product(range(1, 18), range(1, 8), range(1, 5), range(1, 4)))


def test_same_is_tensorflows() -> None:
    for n, k, s, d in CASES:
        low, high = padding_amounts("same", n, k, s, d)
        reach = d * (k - 1) + 1
        total = max(reach - s, 0) if n % s == 0 else max(reach - n % s, 0)
        assert (low, high) == (total // 2, total - total // 2), (n, k, s, d)
        assert window_count(n, k, s, "same", d) == -(-n // s)


@pytest.mark.parametrize(
    ("n", "k", "s", "amounts"),
    [
        (224, 7, 2, (2, 3)),
        (112, 3, 2, (0, 1)),
        (7, 3, 2, (1, 1)),
        (8, 2, 1, (0, 1)),
        (8, 1, 2, (0, 0)),
    ],
)
def test_same_is_asymmetric(n: int, k: int, s: int, amounts: tuple[int, int]) -> None:
    assert padding_amounts("same", n, k, s) == amounts


@pytest.mark.parametrize(
    ("k", "d", "amount"), [(1, 1, 0), (3, 1, 1), (4, 1, 1), (5, 1, 2), (3, 2, 2), (2, 2, 1)]
)
def test_half(k: int, d: int, amount: int) -> None:
    assert padding_amounts("half", 10, k, 1, d) == (amount, amount)


def test_windows_are_those_that_fit() -> None:
    for n, k, s, d in CASES:
        for padding in ("half", "same", 0, 1):
            low, high = padding_amounts(padding, n, k, s, d)
            starts = [
                i for i in range(0, n + low + high, s) if i + d * (k - 1) < n + low + high
            ]
            assert max(window_count(n, k, s, padding, d), 0) == len(starts)
