import numpy as np
import pytest

from alprsim.tables import TABLES, Passages, Reads, Sites, TableError, contracts


def reads(**changed: object) -> Reads:
    return Reads.of(**{"time": [1, 2], "site": [0, 1], "plate": [0, -1], "vehicle": [0, 1], **changed})


def test_a_table_says_which_column_has_the_wrong_dtype():
    good = reads()
    with pytest.raises(TableError, match=r"Reads\.time must be int32, not float64"):
        Reads(time=np.zeros(2), site=good.site, plate=good.plate, vehicle=good.vehicle)


def test_columns_have_equal_length():
    with pytest.raises(TableError, match=r"Reads\.site must have 2 rows, not 3"):
        reads(site=[0, 1, 1])


def test_columns_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        reads().time[0] = 5


def test_a_strided_column_is_refused():
    good = reads()
    with pytest.raises(TableError, match=r"Reads\.time must be contiguous"):
        Reads(time=np.arange(4, dtype=np.int32)[::2], site=good.site, plate=good.plate, vehicle=good.vehicle)


def test_order_is_checked_where_it_is_promised():
    with pytest.raises(TableError, match=r"Passages\.time must never fall; row 2 does"):
        Passages.of(time=[1, 3, 2], road=[0, 0, 0], trip=[0, 0, 0])


def test_a_number_that_does_not_fit_is_an_error_and_not_wrapped():
    with pytest.raises(TableError, match=r"Reads\.time must fit int32; row 1 is 2147483648"):
        reads(time=[0, 2**31])
    with pytest.raises(TableError, match=r"row 0 is 0\.5"):
        reads(time=[0.5, 1])


def test_references_stay_in_range():
    sites = Sites.of(camera=[0], road=[0], offset=[0.0], heading=[0.0])
    with pytest.raises(TableError, match=r"Reads\.site must be −1 or a row of Sites \(0 to 0\), not 0 to 1"):
        reads().refer(sites=sites)
    assert reads(site=[0, -1]).refer(sites=sites)


def test_take_and_empty_keep_the_contract():
    assert reads().take(np.array([1])).time.tolist() == [2]
    assert len(Reads.empty()) == 0


def test_a_read_is_sixteen_bytes():
    assert sum(np.dtype(c.dtype).itemsize for c in Reads.columns()) == 16


def test_every_column_of_every_table_is_declared_with_its_meaning():
    declared = list(contracts())
    assert {c.table for c in declared} == {t.__name__ for t in TABLES}
    assert all(c.meaning for c in declared)
    names = {t.__name__ for t in TABLES}
    assert {c.refers for c in declared} <= names | {"", "Paths"}
