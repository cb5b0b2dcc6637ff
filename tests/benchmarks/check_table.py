"""How often a check of derivatives is right: some thirty functions at 130 points each, derivatives right and wrong.

    PYTHONPATH=. python tests/benchmarks/check_table.py

prints the table that the documentation shows; with a number behind it, of so many points a function. Each derivative
is written in closed form, and evaluated with mpmath at the point itself. PyTorch's `gradcheck` is asked the same
questions where it is installed, with its default settings.
"""

import math
import random
import sys
import time

import mpmath

from autograd_lite.testing.numerical import EPSILON, slope_of, units_of
from autograd_lite.testing.report import judge

m = mpmath.mp.clone()
m.prec = 200
inf = math.inf
SQRT_PI = math.sqrt(math.pi)


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


FUNCTIONS = {  # name: f on floats, its derivative on numbers of mpmath, and the ends of its domain
    "exp": (math.exp, m.exp, -inf, inf),
    "expm1": (math.expm1, m.exp, -inf, inf),
    "log": (math.log, lambda x: 1 / x, 0.0, inf),
    "log2": (math.log2, lambda x: 1 / (x * m.log(2)), 0.0, inf),
    "log10": (math.log10, lambda x: 1 / (x * m.log(10)), 0.0, inf),
    "log1p": (math.log1p, lambda x: 1 / (1 + x), -1.0, inf),
    "sqrt": (math.sqrt, lambda x: 1 / (2 * m.sqrt(x)), 0.0, inf),
    "cbrt": (math.cbrt, lambda x: 1 / (3 * m.cbrt(x * x)), -inf, inf),
    "1/x": (lambda x: 1.0 / x, lambda x: -1 / (x * x), -inf, inf),
    "x**2": (lambda x: x * x, lambda x: 2 * x, -inf, inf),
    "x**3": (lambda x: x**3, lambda x: 3 * x * x, -inf, inf),
    "x**1.5": (lambda x: x**1.5, lambda x: 1.5 * m.sqrt(x), 0.0, inf),
    "polynomial": (lambda x: ((2 * x - 3) * x + 1) * x - 7, lambda x: (6 * x - 6) * x + 1, -inf, inf),
    "sin": (math.sin, m.cos, -inf, inf),
    "cos": (math.cos, lambda x: -m.sin(x), -inf, inf),
    "tan": (math.tan, lambda x: 1 + m.tan(x) ** 2, -inf, inf),
    "asin": (math.asin, lambda x: 1 / m.sqrt(1 - x * x), -1.0, 1.0),
    "acos": (math.acos, lambda x: -1 / m.sqrt(1 - x * x), -1.0, 1.0),
    "atan": (math.atan, lambda x: 1 / (1 + x * x), -inf, inf),
    "sinh": (math.sinh, m.cosh, -inf, inf),
    "cosh": (math.cosh, m.sinh, -inf, inf),
    "tanh": (math.tanh, lambda x: m.sech(x) ** 2, -inf, inf),
    "asinh": (math.asinh, lambda x: 1 / m.sqrt(1 + x * x), -inf, inf),
    "acosh": (math.acosh, lambda x: 1 / m.sqrt(x * x - 1), 1.0, inf),
    "atanh": (math.atanh, lambda x: 1 / (1 - x * x), -1.0, 1.0),
    "erf": (math.erf, lambda x: 2 / m.sqrt(m.pi) * m.exp(-x * x), -inf, inf),
    "erfc": (math.erfc, lambda x: -2 / m.sqrt(m.pi) * m.exp(-x * x), -inf, inf),
    "sigmoid": (sigmoid, lambda x: m.sech(x / 2) ** 2 / 4, -inf, inf),
    "softplus": (softplus, lambda x: 1 / (1 + m.exp(-x)), -inf, inf),
    "bell": (lambda x: math.exp(-x * x), lambda x: -2 * x * m.exp(-x * x), -inf, inf),
    "sin(x*x)": (lambda x: math.sin(x * x), lambda x: 2 * x * m.cos(x * x), -inf, inf),
    "relu": (lambda x: max(x, 0.0), lambda x: (1 + m.sign(x)) / 2 if abs(x) > 1e-320 else m.nan, -inf, inf),
    "abs": (abs, lambda x: m.sign(x) if abs(x) > 1e-320 else m.nan, -inf, inf),
}  # fmt: skip
LANDMARKS = (0.0, 0.5, 1.0, 2.0, 3.0, 10.0, 0.1, 1e-8, 1e-160, 1e160, 1e-300, 1e300,
             20.0, 37.0, 700.0, 26.5, math.pi, math.pi / 2, 1e22, 1e6)  # fmt: skip
CLAIMS = {"right": lambda d: d, "off by 1e-4": lambda d: d * 1.0001, "off by 1 %": lambda d: d * 1.01,
          "wrong sign": lambda d: -d, "doubled": lambda d: 2.0 * d, "zeroed": lambda d: 0.0}  # fmt: skip
VERDICTS = ("right", "wrong", "cannot tell")


def points(low, high, seed, count=130):
    """Landmarks, both signs and the floats beside them, then numbers of ordinary size and of every magnitude."""
    draw = random.Random(seed)
    marks = [low, high, *(sign * x for x in LANDMARKS for sign in (1.0, -1.0))]
    near = [math.nextafter(x, side) for x in marks[:14] for side in (inf, -inf)]
    inside = [x for x in dict.fromkeys([*marks, *near]) if low <= x <= high and math.isfinite(x)]
    while len(inside) < count:
        x = draw.choice((draw.uniform(-4, 4), draw.uniform(-40, 40), draw.choice((1, -1)) * 10 ** draw.uniform(-12, 8)))
        if low <= x <= high:
            inside.append(x)
    return inside[:count]


def questions(count=130):
    """The function, the point and the derivative there, wherever that is a finite float."""
    for seed, (name, (f, derivative, low, high)) in enumerate(FUNCTIONS.items()):
        for x in points(low, high, seed, count):
            try:
                y, d = f(x), float(derivative(m.mpf(x)))
            except (ArithmeticError, ValueError):
                continue
            if math.isfinite(y) and math.isfinite(d) and (d or math.isfinite(1 / (x or 1.0))):
                yield name, f, x, d


def ours(f, x, claim):
    """The verdict by the package's rule."""
    verdict = "cannot tell"
    for unit in units_of(x):
        estimate = slope_of(lambda t, unit=unit: f(x + t * unit), claim * unit)
        verdict = judge(claim, estimate.per(unit), 1e-6)
        if verdict != "cannot tell":
            break
    return verdict


def below_rounding(f, x, wrong, right):
    """Whether a step of an eighth would change f by less than its rounding, if the derivative were off by so much."""
    return abs(wrong - right) * max(abs(x), 1e-290) / 8.0 <= 4.0 * EPSILON * abs(f(x)) + 16.0 * math.ulp(0.0)


def gradchecks():
    """PyTorch's verdict, as a function like `ours`, or None."""
    try:
        import torch
    except ImportError:
        return None

    def verdict(f, x, claim):
        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return torch.tensor(number_or_nan(f, float(x)), dtype=torch.float64)

            @staticmethod
            def backward(ctx, dout):
                return dout * claim

        leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        return "right" if torch.autograd.gradcheck(Function.apply, (leaf,), raise_exception=False) else "wrong"

    return verdict


def number_or_nan(f, x):
    try:
        y = f(x)
    except (ArithmeticError, ValueError):
        return math.nan
    return math.nan if isinstance(y, complex) else y


def table(rule, asked):
    """For each kind of claim how often each verdict; and the wrong claims approved, with those below rounding apart."""
    rows, approved, accused = {}, [], []
    for title, change in CLAIMS.items():
        counts = dict.fromkeys((*VERDICTS, "below rounding"), 0)
        for name, f, x, d in asked:
            claim = change(d)
            if title != "right" and claim == d:
                continue
            verdict = rule(f, x, claim)
            if title != "right" and verdict == "right" and below_rounding(f, x, claim, d):
                verdict = "below rounding"
            if title != "right" and verdict == "right":
                approved.append((title, name, x, d))
            if title == "right" and verdict == "wrong":
                accused.append((name, x, d))
            counts[verdict] += 1
        rows[title] = counts
    return rows, approved, accused


def show(title, rows, seconds):
    print(f"\n{title} ({seconds:.0f} s)\n")
    print("| derivative | asked | right | wrong | cannot tell | right, below the rounding of f |")
    print("|---|---|---|---|---|---|")
    for claim, counts in rows.items():
        print(f"| {claim} | {sum(counts.values())} | " + " | ".join(str(n) for n in counts.values()) + " |")


if __name__ == "__main__":
    asked = list(questions(*map(int, sys.argv[1:])))
    for title, rule in (("autograd_lite", ours), ("PyTorch's gradcheck", gradchecks())):
        if rule is not None:
            start = time.perf_counter()
            rows, approved, accused = table(rule, asked)
            show(title, rows, time.perf_counter() - start)
            if rule is ours:
                print(
                    *(f"approved: {title}: {name} at {x!r}, derivative {d!r}" for title, name, x, d in approved),
                    sep="\n",
                )
                print(*(f"accused: {name} at {x!r}, derivative {d!r}" for name, x, d in accused), sep="\n")
