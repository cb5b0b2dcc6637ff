"""Functions that choose: what is computed depends on where an operand lies. And the zero that stops an adjoint."""

from autograd_lite.numeric.ieee import expm1, nan


def where(condition: float, a: float, b: float) -> float:
    return a if condition else b


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


def relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def leaky_relu(x: float, slope: float) -> float:
    return x * slope if x <= 0.0 else x


def elu(x: float, alpha: float) -> float:
    return alpha * expm1(x) if x <= 0.0 else x


def maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b


def minimum(a: float, b: float) -> float:
    return a if a < b or a != a else b


def clamp(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)
