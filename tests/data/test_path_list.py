from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.path_list import PathList

paths = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), max_size=12)


@given(paths)
def test_it_gives_back_what_was_put_in(texts: list[str]) -> None:
    kept = PathList(texts)
    assert list(kept) == texts
    assert [kept[position] for position in range(len(kept))] == texts
    assert list(kept[1:4]) == texts[1:4]
    assert list(kept[::-1]) == texts[::-1]


@given(paths, paths)
def test_lists_are_equal_when_their_paths_are(some: list[str], others: list[str]) -> None:
    assert (PathList(some) == PathList(others)) == (some == others)
    assert hash(PathList(some)) == hash(PathList(list(some)))


def test_same_text_with_other_borders_is_another_list() -> None:
    assert PathList(["ab", "c"]) != PathList(["a", "bc"])


def test_a_position_outside_is_an_index_error() -> None:
    kept = PathList(["a", "b"])
    assert kept[-1] == "b"
    with pytest.raises(IndexError):
        kept[2]


def test_names_that_are_not_text_survive() -> None:
    name = b"caf\xe9.png".decode("utf-8", errors="surrogateescape")
    assert PathList([name])[0] == name
