"""Positions become letters without moving anything."""

from __future__ import annotations

import pytest

from archdsl.importing.values import Layout, Uncuttable, plain


def test_heads_are_factors_of_the_channels() -> None:
    tokens = plain("bnc", (2, 197, 768))
    heads = tokens.reshaped((2, 197, 12, 64)).permuted((0, 2, 1, 3))
    assert heads.shape == (2, 12, 197, 64)
    assert heads.dims["c"] == (12, 64)
    assert heads.axes == ((("b", 0),), (("c", 0),), (("n", 0),), (("c", 1),))
    assert heads.permuted((0, 2, 1, 3)).reshaped((2, 197, 768)) == tokens


def test_a_batch_of_one_stays_where_the_first_axis_is() -> None:
    image = plain("bchw", (1, 8, 1, 1))
    assert image.reshaped((1, 8)).axes[0] == (("b", 0),)


def test_a_reshape_across_letters_is_no_regrouping() -> None:
    with pytest.raises(Uncuttable):
        plain("bc", (6, 4)).reshaped((4, 6))


def test_whole_letters_are_told_from_parts() -> None:
    image = plain("bchw", (2, 8, 4, 4))
    assert image.reshaped((2, 8, 16)).whole(2) == "hw"
    assert image.reshaped((2, 2, 4, 4, 4)).whole(1) is None


def test_a_cut_letter_has_a_name_for_each_run() -> None:
    cut = plain("bc", (2, 6)).reshaped((2, 2, 3)).cut("c", ["g", "c"])
    assert cut == Layout(
        {"b": (2,), "g": (2,), "c": (3,)}, ((("b", 0),), (("g", 0),), (("c", 0),))
    )
