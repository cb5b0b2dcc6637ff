"""The derivative table: each primitive declared once, and the whole calculus of the package with it.

A row reads `declare(name, forward, vjp, form, saves)`. `forward` computes the value from floats. `vjp` is the body of
the local backward closure: given the gradient `g` that arrives at the output `y`, it returns what each operand
receives, `g` times the partial derivative. The closure keeps what `saves` says, and nothing else: the operands, if
nothing is said; "y", the output; "y x", both; "", neither; "xs" are any number of operands. It is written in arithmetic
that does not care what a number is: over floats it is ordinary backpropagation; over Values the gradient is itself a
graph, which can be differentiated again. It never branches on a value, so that a recorded gradient holds for other
inputs too. `form` is how the operation prints, as Python would write it: `{}` is the next operand, or all of them in a
row that takes any number; `{0}` is the first.

Where a derivative needs care to keep its digits, it is a primitive of its own, with a prime in its name (`tanh'`), and
its row says in turn how it is differentiated. What `forward` computes is in the folder `numeric`.
"""

from typing import Any

from autograd_lite.core.primitives import Primitive, declare, each, plain
from autograd_lite.numeric import ieee, piecewise, reductions, slopes, special

LOG2E, LOG10E = 1.4426950408889634, 0.4342944819032518

# fmt: off
# --- arithmetic ----------------------------------------------------------------------------------------------------
add: Primitive = declare("+", ieee.add, lambda g: (g, g), "{} + {}", "")
sub: Primitive = declare("-", ieee.sub, lambda g: (g, -g), "{} - {}", "")
mul: Primitive = declare("*", ieee.mul, lambda g, a, b: (g * b, g * a), "{} * {}")
div: Primitive = declare("/", ieee.div, lambda g, a, b: (g / b, -(g * div_slope(a, b))), "{} / {}")
identity: Primitive = declare("identity", float, lambda g: (g,), "{}", "")
neg: Primitive = declare("neg", ieee.neg, lambda g: (-g,), "-{}", "")
pow: Primitive = declare("**", ieee.pow, lambda g, a, b: (
    g * pow_slope(a, b, 1.0, 0.0), g * pow_slope(a, b, 0.0, 1.0)), "{} ** {}")
div_slope: Primitive = declare("/'", slopes.div_slope, lambda g, y, a, b: (
    g * div_slope(1.0, b), -2.0 * (g * (y / b))), "{} / {} ** 2", "y x")
pow_slope: Primitive = declare("pow'", slopes.pow_slope, lambda g, a, b, k, n: (
    g * pow_slope(a, b, k + 1.0, n), g * pow_slope(a, b, k, n + 1.0), 0.0, 0.0), "pow'({}, {}, {}, {})")

# --- exponentials and logarithms -----------------------------------------------------------------------------------
exp: Primitive = declare("exp", ieee.exp, lambda g, y: (g * y,), "exp({})", "y")
expm1: Primitive = declare("expm1", ieee.expm1, lambda g, x: (g * exp(x),), "expm1({})")
log: Primitive = declare("log", ieee.log, lambda g, x: (g * log_slope(1.0, x),), "log({})")
log2: Primitive = declare("log2", ieee.log2, lambda g, x: (g * log_slope(LOG2E, x),), "log2({})")
log10: Primitive = declare("log10", ieee.log10, lambda g, x: (g * log_slope(LOG10E, x),), "log10({})")
log1p: Primitive = declare("log1p", ieee.log1p, lambda g, x: (g * log_slope(1.0, 1.0 + x),), "log1p({})")
sqrt: Primitive = declare("sqrt", ieee.sqrt, lambda g, y: (g * (0.5 / y),), "sqrt({})", "y")
log_slope: Primitive = declare("log'", slopes.log_slope, lambda g, y, c, x: (
    g * log_slope(1.0, x), -(g * (y / x))), "{} / {}", "y x")

# --- trigonometric and hyperbolic functions ------------------------------------------------------------------------
sin: Primitive = declare("sin", ieee.sin, lambda g, x: (g * cos(x),), "sin({})")
cos: Primitive = declare("cos", ieee.cos, lambda g, x: (-(g * sin(x)),), "cos({})")
tan: Primitive = declare("tan", ieee.tan, lambda g, y: (g * (1.0 + y * y),), "tan({})", "y")
asin: Primitive = declare("asin", ieee.asin, lambda g, x: (g * asin_slope(x),), "asin({})")
acos: Primitive = declare("acos", ieee.acos, lambda g, x: (-(g * asin_slope(x)),), "acos({})")
atan: Primitive = declare("atan", ieee.atan, lambda g, x: (g * atan_slope(x),), "atan({})")
sinh: Primitive = declare("sinh", ieee.sinh, lambda g, x: (g * cosh(x),), "sinh({})")
cosh: Primitive = declare("cosh", ieee.cosh, lambda g, x: (g * sinh(x),), "cosh({})")
tanh: Primitive = declare("tanh", ieee.tanh, lambda g, x: (g * tanh_slope(x),), "tanh({})")
asinh: Primitive = declare("asinh", ieee.asinh, lambda g, x: (g * asinh_slope(x),), "asinh({})")
acosh: Primitive = declare("acosh", ieee.acosh, lambda g, x: (g * acosh_slope(x),), "acosh({})")
atanh: Primitive = declare("atanh", ieee.atanh, lambda g, x: (g * atanh_slope(x),), "atanh({})")
atan2: Primitive = declare("atan2", ieee.atan2, lambda g, a, b: (
    g * atan2_slope(b, a), -(g * atan2_slope(a, b))), "atan2({}, {})")
asin_slope: Primitive = declare("asin'", slopes.asin_slope, lambda g, y, x: (
    g * (x * y * y * y),), "1 / sqrt(1 - {} ** 2)", "y x")
atan_slope: Primitive = declare("atan'", slopes.atan_slope, lambda g, y, x: (
    g * (-2.0 * (x * y) * y),), "1 / (1 + {} ** 2)", "y x")
tanh_slope: Primitive = declare("tanh'", special.tanh_slope, lambda g, y, x: (
    g * (-2.0 * (tanh(x) * y)),), "1 - tanh({}) ** 2", "y x")
asinh_slope: Primitive = declare("asinh'", slopes.asinh_slope, lambda g, y, x: (
    -(g * (x * y * y * y)),), "1 / sqrt(1 + {} ** 2)", "y x")
acosh_slope: Primitive = declare("acosh'", slopes.acosh_slope, lambda g, y, x: (
    -(g * (x * y * y * y)),), "1 / sqrt({} ** 2 - 1)", "y x")
atanh_slope: Primitive = declare("atanh'", slopes.atanh_slope, lambda g, y, x: (
    g * (2.0 * (x * y) * y),), "1 / (1 - {} ** 2)", "y x")
atan2_slope: Primitive = declare("atan2'", slopes.atan2_slope, lambda g, y, a, b: (
    g * atan2_curvature(a, b), cusp(hypot(a, b)) - 2.0 * (g * (y * atan2_slope(b, a)))),
    "{0} / ({0} ** 2 + {1} ** 2)", "y x")
atan2_curvature: Primitive = declare("atan2''", slopes.atan2_curvature, lambda g, a, b: _cubed_reciprocal(
    2.0 * g + cusp(hypot(a, b)), atan2_slope(a, b), atan2_slope(b, a)),
    "({1} ** 2 - {0} ** 2) / ({0} ** 2 + {1} ** 2) ** 2")

# --- the error function and activations ----------------------------------------------------------------------------
erf: Primitive = declare("erf", ieee.erf, lambda g, x: (g * erf_slope(x),), "erf({})")
erfc: Primitive = declare("erfc", ieee.erfc, lambda g, x: (-(g * erf_slope(x)),), "erfc({})")
sigmoid: Primitive = declare("sigmoid", special.sigmoid, lambda g, x: (g * sigmoid_slope(x),), "sigmoid({})")
softplus: Primitive = declare("softplus", special.softplus, lambda g, x: (g * sigmoid(x),), "softplus({})")
logsigmoid: Primitive = declare("logsigmoid", special.logsigmoid, lambda g, x: (g * sigmoid(-x),), "logsigmoid({})")
silu: Primitive = declare("silu", special.silu, lambda g, x: (g * silu_slope(x),), "silu({})")
gelu: Primitive = declare("gelu", special.gelu, lambda g, x: (g * gelu_slope(x),), "gelu({})")
erf_slope: Primitive = declare("erf'", special.erf_slope, lambda g, y, x: (
    g * (-2.0 * (x * y)),), "2 / sqrt(pi) * exp(-{} ** 2)", "y x")
sigmoid_slope: Primitive = declare("sigmoid'", special.sigmoid_slope, lambda g, y, x: (
    -(g * (tanh(0.5 * x) * y)),), "sigmoid({0}) * (1 - sigmoid({0}))", "y x")
silu_slope: Primitive = declare("silu'", special.silu_slope, lambda g, x: (
    g * silu_curvature(x),), "sigmoid({0}) * (1 + {0} * (1 - sigmoid({0})))")
silu_curvature: Primitive = declare("silu''", special.silu_curvature, lambda g, y, x: (
    -(g * (tanh(0.5 * x) * y + sigmoid_slope(x) * (tanh(0.5 * x) + 2.0 * x * sigmoid_slope(x)))),), "silu''({})", "y x")
gelu_slope: Primitive = declare("gelu'", special.gelu_slope, lambda g, x: (
    g * gelu_curvature(x),), "0.5 * (1 + erf({0} / sqrt(2))) + {0} * normal_pdf({0})")
gelu_curvature: Primitive = declare("gelu''", special.gelu_curvature, lambda g, y, x: (
    -(g * (x * y + 2.0 * x * normal_pdf(x))),), "gelu''({})", "y x")
normal_pdf: Primitive = declare("normal_pdf", special.normal_pdf, lambda g, y, x: (
    -(g * (x * y)),), "normal_pdf({})", "y x")

# --- piecewise functions: at a kink, the convention in the function's docstring ------------------------------------
abs: Primitive = declare("abs", ieee.fabs, lambda g, x: (g * sign(x),), "abs({})")
sign: Primitive = declare("sign", piecewise.sign, lambda g, x: (g * (0.0 * sign(x)),), "sign({})")
relu: Primitive = declare("relu", piecewise.relu, lambda g, x: (choose(g, positive(x)),), "relu({})")
leaky_relu: Primitive = declare("leaky_relu", piecewise.leaky_relu, lambda g, x, slope: (
    g * where(positive(x), positive(x), slope),
    choose(g, 1.0 - positive(x)) * where(positive(x), 0.0, x)), "leaky_relu({}, {})")
elu: Primitive = declare("elu", piecewise.elu, lambda g, x, alpha: (
    g * where(positive(x), positive(x), _scaled_exp(alpha, where(positive(x), 0.0, x))),
    choose(g, 1.0 - positive(x)) * expm1(where(positive(x), 0.0, x))), "elu({}, {})")
maximum: Primitive = declare("maximum", piecewise.maximum, lambda g, y, a, b: _to_equals(
    g, y, a, b), "maximum({}, {})", "y x")
minimum: Primitive = declare("minimum", piecewise.minimum, lambda g, y, a, b: _to_equals(
    g, y, a, b), "minimum({}, {})", "y x")
clamp: Primitive = declare("clamp", piecewise.clamp, lambda g, y, x, low, high: (
    choose(g, equal(x, y)), choose(g, (1.0 - equal(x, y)) * equal(low, y)),
    choose(g, (1.0 - equal(x, y)) * (1.0 - equal(low, y)))),
    "clamp({}, {}, {})", "y x")
where: Primitive = declare("where", piecewise.where, lambda g, c, a, b: (
    0.0, where(c, g, 0.0), where(c, 0.0, g)), "where({}, {}, {})")
positive: Primitive = declare("relu'", piecewise.positive, lambda g: (0.0,), "relu'({})", "")
equal: Primitive = declare("=", piecewise.equal, lambda g: (0.0, 0.0), "{} == {}", "")
greater: Primitive = declare(">", piecewise.greater, lambda g: (0.0, 0.0), "{} > {}", "")
greater_equal: Primitive = declare(">=", piecewise.greater_equal, lambda g: (0.0, 0.0), "{} >= {}", "")

# --- what a zero means: an operand that was not chosen, whose share is 0, receives nothing, whatever arrives; and an
# adjoint that is exactly zero stops. That is decided by the engine as it goes, and by these in a recorded gradient ----
choose: Primitive = declare("chosen *", piecewise.choose, lambda g, a, share: (choose(g, share), 0.0), "{} * {}")
adjoint_mul: Primitive = declare("adjoint *", piecewise.adjoint_mul, lambda g, a, b: (
    g * stop(a, b), g * kept(a, b) * a), "{} * {}")
stop: Primitive = declare("zero stop", piecewise.stop, lambda g, a, b: (0.0, g * kept(a, b)), "stop'({}, {})")
kept: Primitive = declare("zero stop'", piecewise.kept, lambda g: (0.0, 0.0), "stop''({}, {})", "")

# --- of any number of operands -------------------------------------------------------------------------------------
sum: Primitive = declare("sum", ieee.fsum, lambda g, *xs: [g] * len(xs), "sum({})", "xs")
mean: Primitive = declare("mean", reductions.mean, lambda g, *xs: [g / len(xs)] * len(xs), "mean({})", "xs")
prod: Primitive = declare("prod", reductions.prod, lambda g, *xs: _products_of_others(g, xs), "prod({})", "xs")
dot: Primitive = declare("dot", reductions.dot, lambda g, *v: _products_with_partners(g, v), "dot({})", "xs")
max: Primitive = declare("max", reductions.max_, lambda g, y, *xs: _to_equals(g, y, *xs), "max({})", "y xs")
min: Primitive = declare("min", reductions.min_, lambda g, y, *xs: _to_equals(g, y, *xs), "min({})", "y xs")
norm: Primitive = declare("norm", reductions.norm, lambda g, y, *xs: [
    along(g, u, y) for u in _unit(xs)], "norm({})", "y xs")
hypot: Primitive = declare("hypot", ieee.hypot, lambda g, y, a, b: (
    along(g, norm_slope(a, b), y), along(g, norm_slope(b, a), y)), "hypot({}, {})", "y x")
# A length has a first derivative at the origin by convention, and no second: whatever arrives, that is nan.
along: Primitive = declare("length *", piecewise.along, lambda g, a, u, length: (
    g * stop(a, u), g * a, g * cusp(length)), "along({}, {}, {})")
cusp: Primitive = declare("zero length", piecewise.cusp, lambda g: (0.0,), "cusp({})", "")
logsumexp: Primitive = declare("logsumexp", reductions.logsumexp, lambda g, *xs: [
    g * p for p in _shares(xs)], "logsumexp({})", "xs")
logaddexp: Primitive = declare("logaddexp", reductions.logaddexp, lambda g, a, b: (
    g * softmax(a, b), g * softmax(b, a)), "logaddexp({}, {})")
# The rest belong to their first operand: its share of the softmax, the log of that, what the share lacks to 1, and its
# part of the unit vector.
softmax: Primitive = declare("softmax", reductions.softmax_first, lambda g, *xs: _softmax_slopes(g, xs),
    "softmax({})", "xs")
log_softmax: Primitive = declare("log_softmax", reductions.log_softmax_first, lambda g, *xs: _log_softmax_slopes(
    g, xs), "log_softmax({})", "xs")
softmax_rest: Primitive = declare("1-softmax", reductions.softmax_rest, lambda g, *xs: [
    -d for d in _softmax_slopes(g, xs)], "1 - softmax({})", "xs")
norm_slope: Primitive = declare("norm'", slopes.norm_slope, lambda g, y, *xs: _unit_slopes(g, y, xs),
    "{0} / norm({})", "y xs")
# fmt: on

# --- closures shared by rows, or too long for one ------------------------------------------------------------------


def _to_equals(g: Any, y: Any, *xs: Any) -> list[Any]:
    """The gradient of a maximum or minimum y of xs: shared equally by the operands that attain it."""
    ties = [equal(x, y) for x in xs]
    count = sum(*ties)
    return [choose(g, tie / count) for tie in ties]


def _products_of_others(g: Any, xs: Any) -> list[Any]:
    """From products of all before and of all after; one by one if few or if such products may leave the range."""
    before, after = [1.0], [1.0]
    for x, z in zip(xs[:-1], xs[:0:-1], strict=True):
        before.append(before[-1] * x)
        after.append(after[-1] * z)
    if len(xs) < 6 or not plain(xs) or not all(1e-290 < ieee.fabs(p) < 1e290 for p in before + after):
        return [g * prod(*xs[:i], *xs[i + 1 :]) for i in range(len(xs))]
    return [g * (a * b) for a, b in zip(before, reversed(after), strict=True)]


def _products_with_partners(g: Any, v: Any) -> list[Any]:
    """For the operands (*w, *x) or (*w, *x, bias) of a dot product: each w receives g * x, and each x g * w."""
    n = len(v) // 2
    return [g * z for z in v[n : 2 * n] + v[:n]] + [g] * (len(v) - 2 * n)


def _unit(xs: Any) -> list[Any]:
    return slopes.unit(xs) if plain(xs) else each(norm_slope, xs)


def _unit_slopes(g: Any, y: Any, xs: Any) -> list[Any]:
    """d(x/h) is (r/h)**2 / h in x itself, r being the norm of the others, and -(x/h)(z/h) / h in another operand z."""
    h, r = norm(*xs), norm(*xs[1:])
    g = g + cusp(h)
    return [g * ((r / h) * ((r / h) / h))] + [-(g * adjoint_mul(y, (z / h) / h)) for z in xs[1:]]


def _cubed_reciprocal(g: Any, u: Any, v: Any) -> tuple[Any, Any]:
    """g times the real and the negative imaginary part of (u - iv)**3, u - iv being 1/(a + ib)."""
    return g * (u * (u * u - 3.0 * (v * v))), g * (v * (3.0 * (u * u) - v * v))


def _scaled_exp(scale: Any, x: Any) -> Any:
    """scale * e**x in two factors: e**x alone may be subnormal, and short of digits."""
    half = exp(0.5 * x)
    return scale * half * half


def _shares(xs: Any) -> list[Any]:
    return reductions.softmax(xs) if plain(xs) else each(softmax, xs)


def _softmax_slopes(g: Any, xs: Any) -> list[Any]:
    first, *rest = _shares(xs)
    return [g * (first * softmax_rest(*xs))] + [-(g * (first * p)) for p in rest]


def _log_softmax_slopes(g: Any, xs: Any) -> list[Any]:
    _, *rest = _shares(xs)
    return [g * softmax_rest(*xs)] + [-(g * p) for p in rest]
