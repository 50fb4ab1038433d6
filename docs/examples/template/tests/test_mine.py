"""What the method promises, tried by inrpde's own kit."""

from inrpde_mine import solve

from inrpde.testing import check_method


def test_it_keeps_its_promises():
    check_method(solve, error=1e-4, settings={"mine.band": 5})
