import numpy as np
import pytest

from whence.causes.membership import condition_of, members
from whence.types.rows import Column, Rows


@pytest.fixture
def rows():
    n = 6
    return Rows(
        "classification",
        np.zeros(n, np.int32),
        np.zeros(n, np.int8),
        (
            Column("age", "number", np.array([10.0, 20.0, 30.0, np.nan, 20.0, np.inf])),
            Column("kind", "category", np.array([0, 1, 1, -1, 0, 1], np.int32), ("a", "b")),
        ),
        np.zeros(n),
        np.zeros(n, np.int32),
        np.zeros(n, np.int32),
        np.zeros(n),
        ("0", "1"),
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"age": 20.0}, [1, 4]),
        ({"age": (15.0, 30.0)}, [1, 2, 4]),
        ({"age": None}, [3]),
        ({"kind": "b"}, [1, 2, 5]),
        ({"kind": None}, [3]),
        ({"kind": "never logged"}, []),
        ({"age": (15.0, np.inf), "kind": "b"}, [1, 2, 5]),
    ],
)
def test_members(rows, where, expected):
    assert np.flatnonzero(members(rows, where)).tolist() == expected


def test_unknown_column(rows):
    with pytest.raises(KeyError):
        members(rows, {"height": 1.0})


@pytest.mark.parametrize(
    ("column", "chosen", "expected"),
    [
        ("age", [1, 4], 20.0),
        ("age", [0, 2], (10.0, 30.0)),
        ("age", [3], None),
        ("kind", [1, 2], "b"),
        ("kind", [3], None),
    ],
)
def test_tightest_condition(rows, column, chosen, expected):
    inside = np.isin(np.arange(len(rows)), chosen)
    assert condition_of(rows.column(column), inside) == expected
