"""How far apart two floats are, in units in the last place (ULP)."""

import math
import struct
from typing import Any


def ulp_distance(got: float, expected: Any) -> float:
    """How many units in the last place `got` is away from `expected`.

    Between two floats: how many steps from one float to the next (0.0 and -0.0 are one place, inf follows the largest
    float). From a number of higher precision, such as mpmath's `mpf`: the distance over the unit at `expected`. Two
    nans are 0 apart, a nan and a number inf.

    >>> ulp_distance(1.0, 1.0000000000000002)
    1.0
    >>> ulp_distance(-5e-324, 5e-324)
    2.0
    """
    nearest = float(expected)
    if math.isnan(got) or math.isnan(nearest):
        return 0.0 if math.isnan(got) and math.isnan(nearest) else math.inf
    if isinstance(expected, (float, int)) or math.isinf(got) or math.isinf(nearest):
        return float(abs(_place(float(got)) - _place(nearest)))
    return float(abs(expected - got) / math.ulp(nearest))


def assert_close_ulp(got: float, expected: Any, ulp: float = 4.0, what: str = "value") -> None:
    """Fail with a message that says by how much, unless `got` is within so many ULP of `expected`.

    >>> assert_close_ulp(0.1 + 0.2, 0.3)
    >>> assert_close_ulp(0.1 + 0.2, 0.3, ulp=0)
    Traceback (most recent call last):
    AssertionError: value is 0.30000000000000004, expected 0.3: 1 ULP apart, 0 allowed
    """
    distance = ulp_distance(got, expected)
    if not distance <= ulp:
        raise AssertionError(
            f"{what} is {got!r}, expected {float(expected)!r}: {distance:.4g} ULP apart, {ulp} allowed"
        )


def _place(x: float) -> int:
    """The float's place among all floats in order, 0 for zero."""
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)
