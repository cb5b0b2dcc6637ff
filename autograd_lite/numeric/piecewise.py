"""Functions that choose: what is computed depends on where an operand lies. And the zero that stops an adjoint."""

from autograd_lite.numeric.ieee import expm1, inf, nan


def where(condition: float, x: float, y: float) -> float:
    return x if condition else y


def sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x * 0.0


def positive(x: float) -> float:
    """1 where x > 0, 0 where x <= 0: the derivative of relu."""
    return 1.0 if x > 0.0 else 0.0 if x <= 0.0 else nan


def equal(a: float, b: float) -> float:
    return 1.0 if a == b else nan if a != a or b != b else 0.0


def greater(a: float, b: float) -> float:
    return 1.0 if a > b else 0.0


def greater_equal(a: float, b: float) -> float:
    return 1.0 if a >= b else 0.0


def stop(adjoint: float, x: float) -> float:
    """x, the contribution of an adjoint to a gradient; but 0 where the adjoint is exactly 0 and x is inf or nan."""
    return 0.0 if adjoint == 0.0 and x - x != 0.0 else x


def kept(adjoint: float, x: float) -> float:
    return 0.0 if adjoint == 0.0 and x - x != 0.0 else 1.0


def adjoint_mul(adjoint: float, x: float) -> float:
    return 0.0 if adjoint == 0.0 else adjoint * x


def choose(adjoint: float, share: float) -> float:
    """What goes to an operand of a piecewise function that has this share in the result: of a share of 0, nothing."""
    return 0.0 if share == 0.0 or adjoint == 0.0 else adjoint * share


def along(adjoint: float, unit: float, length: float) -> float:
    """The adjoint of a length, along one of the directions. Its derivative in the length itself is a cusp."""
    return 0.0 if adjoint == 0.0 else adjoint * unit


def cusp(length: float) -> float:
    """nan at the origin, where a length has no second derivative; elsewhere 0."""
    return nan if length == 0.0 else 0.0


def relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def leaky_relu(x: float, slope: float = 0.01) -> float:
    return x * slope if x <= 0.0 else x


def elu(x: float, alpha: float = 1.0) -> float:
    return alpha * expm1(x) if x <= 0.0 else x


def maximum(x: float, y: float) -> float:
    return x if x > y or x != x else y


def minimum(x: float, y: float) -> float:
    return x if x < y or x != x else y


def clamp(x: float, low: float = -inf, high: float = inf) -> float:
    return minimum(maximum(x, low), high)
