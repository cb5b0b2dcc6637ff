"""Derivatives that are not this package's: by hand, SciPy's, PyTorch's, JAX's, in C, in textbooks' layers."""

import ctypes
import math
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import strategies as st

from autograd_lite import Value, nn
from autograd_lite.testing import CannotTellError, WrongGradientError, check_gradients, check_layer

random = np.random.default_rng(0)


def rosenbrock(x):
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def slope_of_rosenbrock(x, sign=-1.0):
    bend = 200.0 * (x[1] - x[0] ** 2)
    return np.array([sign * 2.0 * x[0] * bend - 2.0 * (1.0 - x[0]), bend])


# --- eight examples ------------------------------------------------------------------------------------------------


def test_numpy_with_a_wrong_sign():
    x = np.array([1.2, 1.0])
    check_gradients(rosenbrock, x, grad=slope_of_rosenbrock)
    with pytest.raises(WrongGradientError, match=r"2 of 2.*\n.*all by one factor, ratio -1: the sign"):
        check_gradients(rosenbrock, x, grad=lambda x: -slope_of_rosenbrock(x))
    with pytest.raises(WrongGradientError, match=r"1 of 2") as caught:
        check_gradients(rosenbrock, x, grad=lambda x: slope_of_rosenbrock(x, 1.0))
    assert [p.verdict for p in caught.value.report.partials] == ["wrong", "right"]
    check_gradients(lambda x: (rosenbrock(x), slope_of_rosenbrock(x)), x, grad=True)


def test_a_torch_function_with_a_wrong_branch():
    torch = pytest.importorskip("torch")

    def huber(edge):
        class Huber(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.where(x.abs() <= 1.0, x * x / 2.0, x.abs() - 0.5)

            @staticmethod
            def backward(ctx, dout):
                (x,) = ctx.saved_tensors
                return dout * torch.where(x.abs() <= edge, x, x.sign())

        return Huber.apply

    points = st.floats(-4.0, 4.0).map(torch.tensor)
    assert check_gradients(huber(1.0), points).right > 50
    with pytest.raises(WrongGradientError, match=r"Huber.apply at x0=2.0: .*\n.*got 2.0 .*expected 1.0 .*ratio 2"):
        check_gradients(huber(2.0), points)


def test_a_jax_custom_vjp_with_a_missing_factor():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def square(x):
        return (x * x).sum()

    square.defvjp(lambda x: ((x * x).sum(), x), lambda x, dout: (dout * x,))
    with pytest.raises(WrongGradientError, match=r"all by one factor, ratio 0\.5: a factor 2 is missing"):
        check_gradients(square, jax.numpy.array([1.0, 2.0, 3.0]))
    check_gradients(lambda x: (x * x).sum(), jax.numpy.array([1.0, 2.0, 3.0]))


def test_the_classic_layers():
    class Relu:
        """As the textbooks have it: it zeroes what it was given."""

        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

        def backward(self, dout):
            dout[self.mask] = 0
            return dout

    class Mean(nn.Affine):
        def backward(self, dout):
            dx = super().backward(dout)
            self.db = dout.mean(axis=0)
            return dx

    x = random.normal(size=(5, 4))
    assert "the backward pass writes into dout" in str(check_layer(Relu(), x))
    check_layer(nn.Affine(random.normal(size=(4, 3)), np.ones(3)), x)
    with pytest.raises(WrongGradientError, match=r"Mean.db .*\n.*ratio 0.2: axis 0 of x is 5: sum or mean\?"):
        check_layer(Mean(random.normal(size=(4, 3)), np.ones(3)), x)
    check_layer(nn.SoftmaxWithLoss(), x, np.array([0, 1, 2, 3, 0]))


def test_an_implicit_function():
    """y with y + y**3 = x, by Newton's method, and its derivative by the implicit function theorem."""

    def solve(x):
        y = x
        for _ in range(60):
            y = y - (y + y**3 - x) / (1.0 + 3.0 * y * y)
        return y

    check_gradients(solve, st.floats(-5.0, 5.0), grad=lambda x: 1.0 / (1.0 + 3.0 * solve(x) ** 2))
    with pytest.raises(WrongGradientError):
        check_gradients(solve, st.floats(-5.0, 5.0), grad=lambda x: 1.0 / (1.0 + 3.0 * x**2))


def test_a_noisy_simulation():
    noise = np.random.default_rng(1)

    def simulate(x):
        return float(x) ** 2 + 1e-6 * noise.normal()

    with pytest.raises(
        CannotTellError, match=r"f differs from call to call(.|\n)*can confirm rtol=1e-0[1-4], not 1e-06"
    ):
        check_gradients(simulate, 3.0, grad=lambda x: 2.0 * x)
    check_gradients(simulate, 3.0, grad=lambda x: 2.0 * x, rtol=0.01)
    with pytest.raises(WrongGradientError):
        check_gradients(simulate, 3.0, grad=lambda x: 3.0 * x, rtol=0.01)


def test_float32():
    x = np.linspace(-2.0, 2.0, 10, dtype=np.float32)
    f = lambda x: np.sum(np.tanh(x) * x)
    assert f(x).dtype == np.float32
    check_gradients(f, x, grad=lambda x: np.tanh(x) + x * (1 - np.tanh(x) ** 2))
    with pytest.raises(WrongGradientError):
        check_gradients(f, x, grad=lambda x: np.tanh(x) + 0.99 * x * (1 - np.tanh(x) ** 2))
    with pytest.raises(CannotTellError, match="is it float32 inside"):
        check_gradients(lambda x: float(np.float32(np.sin(np.float32(x)))), 1.0, grad=math.cos)


def test_kinks():
    f = lambda x: max(x, 0.0) + abs(x - 1.0)
    check_gradients(f, 0.0, grad=lambda x: -0.5)  # between -1 and 0
    with pytest.raises(WrongGradientError, match="a kink: slope -1 on the left, 0 on the right"):
        check_gradients(f, 0.0, grad=lambda x: 0.5)
    with pytest.raises(CannotTellError, match="a jump or a vertical tangent"):
        check_gradients(lambda x: float(x >= 0.0), 0.0, grad=lambda x: 0.0)


# --- other people's code -------------------------------------------------------------------------------------------


def test_scipys_own():
    optimize = pytest.importorskip("scipy.optimize")
    sparse = pytest.importorskip("scipy.sparse")
    x = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    check_gradients(optimize.rosen, x, grad=optimize.rosen_der)
    check_gradients(optimize.rosen_der, x, jac=optimize.rosen_hess)
    check_gradients(optimize.rosen_der, x, jac=lambda x: sparse.csr_matrix(optimize.rosen_hess(x)))
    check_gradients(optimize.rosen, [1.3, 0.7], grad=optimize.rosen_der)


def test_c(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "f.c", tmp_path / "f.so"
    source.write_text(
        "#include <math.h>\n"
        "double f(double x, double y) { return exp(x) * sin(y); }\n"
        "void df(double x, double y, double *g) { g[0] = exp(x) * sin(y); g[1] = -exp(x) * cos(y); }\n"
    )
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-lm"], check=True)
    c = ctypes.CDLL(str(library))
    c.f.restype, c.f.argtypes = ctypes.c_double, (ctypes.c_double, ctypes.c_double)
    c.df.argtypes = (ctypes.c_double, ctypes.c_double, ctypes.POINTER(ctypes.c_double))

    def gradient(x, y):
        g = (ctypes.c_double * 2)()
        c.df(x, y, g)
        return tuple(g)

    with pytest.raises(WrongGradientError, match=r"dx1 .*ratio -1: the sign") as caught:
        check_gradients(c.f, 0.5, 0.3, grad=gradient)
    assert [p.verdict for p in caught.value.report.partials] == ["right", "wrong"]


# --- each sentence of the report, and the fault it speaks of ----------------------------------------------------------

A = np.array([[1.0, 2.0], [3.0, 4.0]])
X = np.array([1.0, -2.0, 3.0])


def diverging(x):
    if x > 1.0:
        raise RuntimeError("diverged")
    return x


FAULTS = {
    "ratio -1: the sign": lambda: check_gradients(lambda x: x**3, 2.0, grad=lambda x: -3 * x**2),
    "ratio 0: this path is cut off": lambda: check_gradients(lambda x: x**3, 2.0, grad=lambda x: 0.0),
    "ratio 2: twice too large": lambda: check_gradients(lambda x: x**2, 2.0, grad=lambda x: 4 * x),
    "ratio 0.5: a factor 2 is missing": lambda: check_gradients(lambda x: x**2, 2.0, grad=lambda x: x),
    "ln 10": lambda: check_gradients(math.log10, 2.0, grad=lambda x: 1 / x),
    "1 / ln 10": lambda: check_gradients(math.log, 2.0, grad=lambda x: 1 / (x * math.log(10))),
    "degrees taken for radians": lambda: check_gradients(math.sin, 0.5, grad=lambda x: math.cos(x) * math.pi / 180),
    "radians taken for degrees": lambda: check_gradients(
        lambda x: math.sin(math.radians(x)), 20.0, grad=lambda x: math.cos(math.radians(x))
    ),
    "axis 0 of a is 3: sum or mean": lambda: check_gradients(np.sum, X, grad=lambda x: np.ones(3) / 3),
    "all by one factor, ratio 1.5": lambda: check_gradients(lambda x: x @ x, X, grad=lambda x: 3 * x),
    "the Jacobian is the transpose": lambda: check_gradients(lambda x: A @ x, X[:2], jac=lambda x: A.T),
    "the gradient of w is the transpose": lambda: check_gradients(
        lambda w: float(X[:2] @ w @ X[1:]), A, grad=lambda w: np.outer(X[1:], X[:2])
    ),
    "is it the transpose": lambda: check_gradients(np.sum, np.ones((2, 3)), grad=lambda x: np.ones((3, 2))),
    "the gradients of a and b are swapped": lambda: check_gradients(
        lambda a, b: a * a * b, 2.0, 5.0, grad=lambda a, b: (a * a, 2 * a * b)
    ),
    "the derivative writes into its arguments": lambda: check_gradients(
        lambda x: x @ x, X, grad=lambda x: np.multiply(x, 3, out=x)
    ),
    "f writes into its arguments": lambda: check_gradients(lambda x: np.sum(np.abs(x, out=x)), X, grad=lambda x: 2 * x),
    "the backward pass writes into dout": lambda: check_gradients(
        lambda x: x**2, X, vjp=lambda dout, x: np.multiply(dout, x, out=dout)
    ),
    "not proportional to dout": lambda: check_gradients(lambda x: x**2, 3.0, vjp=lambda dout, x: 2 * x),
    "the derivative differs from call to call": lambda: check_gradients(
        lambda x: x**2, 3.0, vjp=lambda dout, x: dout * random.normal()
    ),
    "the gradient must have 2 parts, not be 1.0": lambda: check_gradients(
        lambda a, b: a, 1.0, 2.0, grad=lambda a, b: 1.0
    ),
    "the gradient of p must have the keys ['a', 'b'], not be": lambda: check_gradients(
        lambda p: p["a"] * p["b"], {"a": 2.0, "b": 3.0}, grad=lambda p: {"da": p["b"], "db": p["a"]}
    ),
    "x[1] is inf: nothing lies beside it": lambda: check_gradients(
        lambda x: np.tanh(x).sum(), np.array([1.0, np.inf]), grad=lambda x: 1 - np.tanh(x) ** 2
    ),
    "f is not a number on the right: RuntimeError: diverged": lambda: check_gradients(
        diverging, 1.0, grad=lambda x: 1.5
    ),
    "the Jacobian has shape": lambda: check_gradients(lambda x: x[:2], X, jac=lambda x: np.eye(3)),
    "f changes faster than the smallest step": lambda: check_gradients(
        lambda x: math.sin(3e7 * x), 0.3, grad=lambda x: 3e7 * math.cos(3e7 * x)
    ),
    "f moves in steps of 0.0001: is its result rounded?": lambda: check_gradients(
        lambda x: round(math.sin(x), 4), 0.5, grad=math.cos
    ),
    "f is not a number on the left": lambda: check_gradients(lambda x: x**1.5, 0.0, grad=lambda x: 1.0),
    "f is nan here": lambda: check_gradients(lambda x: math.nan * x, 1.0, grad=lambda x: 0.0),
    "f is flat here to its last digit": lambda: check_gradients(math.tanh, 25.0, grad=lambda x: 1e-21),
    "values of f say nothing here": lambda: check_gradients(lambda x: x // 1, 1.0, grad=lambda x: 0.0),
    "outside of its graph": lambda: check_gradients(lambda x: x * x.data, 3.0),
}


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: x * abs(x), 0.0, 0.0),
        (lambda x: max(x, 0.0) ** 2, 0.0, 0.0),
        (lambda x: x if x > 0.0 else math.expm1(x), 0.0, 1.0),
        (lambda x: x * x / 2 if abs(x) < 1.0 else abs(x) - 0.5, 1.0, 1.0),
    ],
)
def test_a_slope_that_bends_is_confirmed(f, x, slope):
    check_gradients(f, x, grad=lambda x: slope)
    with pytest.raises(WrongGradientError):
        check_gradients(f, x, grad=lambda x: slope + 1e-5)


@pytest.mark.parametrize("power", [0.9, 1.0, 1.05])
def test_an_infinite_slope_is_not_accused(power):
    """Quotients that grow by as much with each halving have no limit, however slowly they grow."""
    f = lambda x: x * math.log(x) if power == 1.0 and x > 0 else x**power if x > 0 else 0.0
    with pytest.raises(CannotTellError, match="no finite slope on the right"):
        check_gradients(f, 0.0, grad=lambda x: -math.inf)


def test_a_function_that_is_flat_nearby_is_not_taken_for_a_rounded_one():
    """Flat between two kinks, and flat between two jumps far away."""
    check_gradients(lambda x: max(abs(x) - 0.001, 0.0), 0.0, grad=lambda x: 0.0)
    check_gradients(math.floor, 10.5, grad=lambda x: 0.0)


@pytest.mark.parametrize("sentence", FAULTS)
def test_every_sentence_of_the_report(sentence):
    with pytest.raises((WrongGradientError, CannotTellError)) as caught:
        FAULTS[sentence]()
    assert sentence in str(caught.value)


# --- not approved, not accused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f", [lambda x: x * x.data, lambda x: x * math.sin(x.data), lambda x: x.detach(), lambda x: x * x.item()]
)
def test_f_is_called_not_its_graph(f):
    with pytest.raises(WrongGradientError, match=r"outside of its graph"):
        check_gradients(f, 3.0)


def test_a_random_function_cannot_be_told():
    with pytest.raises(CannotTellError, match="f differs from call to call"):
        check_gradients(lambda x: x * random.random(), 3.0)


def test_terms_that_cancel_to_rounding_are_proportional_to_dout():
    check_gradients(lambda x: x / x, 1.499)


def test_an_imaginary_part_that_float_drops_is_not_believed():
    f = lambda x: float(np.real(np.sin(x)))
    check_gradients(f, 1.0, grad=math.cos)
    with pytest.raises(WrongGradientError):
        check_gradients(f, 1.0, grad=lambda x: 0.0)
    with pytest.warns(np.exceptions.ComplexWarning):
        float(np.complex128(1j))


@pytest.mark.parametrize("oracle", [None, "complex step"])
def test_a_complex_step_sharpens_what_differences_confirm(oracle):
    f = lambda x: np.exp(x[0]) * x[1]
    report = check_gradients(f, X[:2], grad=lambda x: np.array([f(x), np.exp(x[0])]), rtol=1e-14, oracle=oracle)
    assert "(complex step)" in str(report)


def test_questions_that_are_refused():
    with pytest.raises(ValueError, match="one of grad=, jac= and vjp="):
        check_gradients(np.sum, X, grad=np.ones_like, jac=np.ones_like)
    with pytest.raises(TypeError, match=r"check_gradients\(jac\) must be a function, not True"):
        check_gradients(np.sum, X, jac=True)
    with pytest.raises(ValueError, match="pass jac= or vjp="):
        check_gradients(lambda x: x, X, grad=np.ones_like)
    with pytest.raises(TypeError, match="complex numbers are out of scope"):
        check_gradients(lambda x: x * 1j, 1.0, grad=lambda x: 1j)
    with pytest.raises(TypeError, match=r"check_gradients\(f\) must be a function, not 2.0"):
        check_gradients(2.0, 1.0)
    with pytest.raises(TypeError, match=r"f must be real numbers, not None: is a `return` missing\?"):
        check_gradients(lambda x: None, 1.0, grad=lambda x: x)
    with pytest.raises(WrongGradientError, match="the derivative returns None: is a `return` missing"):
        check_gradients(lambda x: float(x.sum()), np.ones(2), grad=lambda x: None)
    with pytest.raises(TypeError, match="a strategy stands inside a container"):
        check_gradients(np.sum, [st.floats(0, 1), 2.0], grad=np.ones_like)
    for rtol in (0, -1e-3, math.nan, "1e-6"):
        with pytest.raises((TypeError, ValueError), match=r"check_gradients\(rtol\) must be"):
            check_gradients(math.sin, 1.0, grad=math.cos, rtol=rtol)
    for layer in (math, nn.Relu):
        with pytest.raises(TypeError, match=r"check_layer\(layer\) must be an object with forward and backward"):
            check_layer(layer, 1.0)
    with pytest.raises(TypeError, match=r"f must return \(value, gradient\), not 4.0"):
        check_gradients(lambda x: x * x, 2.0, grad=True)
    with pytest.raises(TypeError) as caught:
        check_gradients(math.sin, 1.0)
    assert "Pass grad=, jac= or vjp= to check your own" in caught.value.__notes__[0]
    with pytest.raises(TypeError, match=r"check_gradients\(args\) must have floats"):
        check_gradients(lambda x: x, np.array([]), grad=lambda x: x)


# --- arguments ----------------------------------------------------------------------------------------------------


def test_nested_arguments_labels_and_vectors():
    params = {"W": A, "b": np.ones(2)}
    f = lambda p, x, labels: ((p["W"] @ x + p["b"]) ** 2)[labels]

    def vjp(dout, p, x, labels):
        full = np.zeros(2)
        np.add.at(full, labels, dout)
        slope = full * 2 * (p["W"] @ x + p["b"])
        return {"W": np.outer(slope, x), "b": slope}, p["W"].T @ slope, None

    report = check_gradients(f, params, X[:2], np.array([1, 0, 1]), vjp=vjp)
    assert "df[0]/dp['W'][1, 0]" in [p.name for p in report.partials]


def test_values_are_this_packages():
    check_gradients(lambda x, y: x * y + x, Value(2.0), 3.0)


def test_no_framework_is_imported():
    code = (
        "import sys; from autograd_lite.testing import check_gradients; import numpy as np;"
        "check_gradients(lambda x: x @ x, np.ones(2), grad=lambda x: 2 * x); check_gradients(lambda x: x * x, 1.0);"
        "assert not {'torch', 'jax', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("library", ["numpy", "hypothesis"])
def test_what_is_missing_is_named(library):
    code = f"import sys; sys.modules[{library!r}] = None; import autograd_lite.testing"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"autograd_lite.testing needs {library}: pip install numpy hypothesis" in ended.stderr


def test_a_hundred_thousand_inputs_of_which_one_is_wrong():
    x = random.normal(size=100_000)

    def doubled(x):
        g = 2.0 * x
        g[12_345] *= 2.0
        return g

    f = lambda x: float(np.sum(x * x))
    assert len(check_gradients(f, x, grad=lambda x: 2.0 * x).partials) == 3
    with pytest.raises(WrongGradientError, match=r"1 of 100000 (.|\n)*df/dx\[12345\] .*ratio 2: twice too large"):
        check_gradients(f, x, grad=doubled)
    with pytest.raises(WrongGradientError, match="all by one factor, ratio -1: the sign"):
        check_gradients(f, x[:1000], grad=lambda x: -2.0 * x)


def test_many_outputs():
    W = random.normal(size=(40, 30))  # noqa: N806
    check_gradients(lambda x: W @ x, np.ones(30), jac=lambda x: W)
    wrong = W.copy()
    wrong[7, 11] *= 2.0
    with pytest.raises(WrongGradientError, match=r"df\[7\]/dx\[11\] .*ratio 2"):
        check_gradients(lambda x: W @ x, np.ones(30), jac=lambda x: wrong)


@pytest.mark.parametrize("n", [30, 100])
def test_kinks_that_meet_are_looked_at_one_by_one(n):
    """At many zeros a relu may have slopes 0 to 1, in any sum with signs: the whole is neither right nor wrong."""
    signs, x = random.choice([-1.0, 1.0], n), random.normal(size=n)
    x[::3] = 0.0
    x[7] = 2.0
    relu, where = lambda x: np.maximum(x, 0.0), np.where(np.arange(n) == 7, 2.0, 1.0)
    for point in (x, np.zeros(n)):
        check_gradients(lambda x: float(signs @ relu(x)), point, grad=lambda x: signs * (x > 0))
        check_gradients(relu, point, vjp=lambda dout, x: dout * (x > 0))
    with pytest.raises(WrongGradientError, match=r"df/dx\[7\] .*ratio 2"):
        check_gradients(lambda x: float(signs @ relu(x)), x, grad=lambda x: signs * (x > 0) * where)
    with pytest.raises(WrongGradientError, match=r"df\[7\]/dx\[7\] .*ratio 2"):
        check_gradients(relu, x, vjp=lambda dout, x: dout * (x > 0) * where)


def test_kinks_of_many_outputs_and_of_too_many_inputs():
    W = random.normal(size=(40, 3))  # noqa: N806
    layer = lambda x: np.maximum(W @ x, 0.0)
    check_gradients(layer, np.zeros(3), vjp=lambda dout, x: W.T @ (dout * (W @ x > 0)))
    with pytest.raises(WrongGradientError):
        check_gradients(layer, np.zeros(3), vjp=lambda dout, x: W.T @ dout * 2.0)
    with pytest.raises(CannotTellError, match="kinks of several entries meet: pass fewer entries"):
        check_gradients(lambda x: np.sum(np.abs(x)), np.zeros(2000), grad=lambda x: 1.0 + 0.0 * x)


# --- strategies ------------------------------------------------------------------------------------------------------


def test_points_that_matter_are_tried():
    for special in (0.0, 2.0, 4.0, math.nextafter(1.0, 2.0)):
        with pytest.raises(WrongGradientError, match=f"x={special!r}"):
            check_gradients(lambda x: x * x, st.floats(-4, 4), grad=lambda x, s=special: 7.0 if x == s else 2 * x)


def test_a_filter_is_heeded():
    check_gradients(lambda x: 1 / x, st.floats(-4, 4).filter(lambda x: abs(x) > 0.1), grad=lambda x: -1 / x**2)


def test_what_cannot_be_told_is_counted():
    survey = check_gradients(math.tanh, st.floats(-30, 30), grad=lambda x: 1 - math.tanh(x) ** 2)
    assert survey.right > len(survey.unclear) + 10
    assert survey.flat
    assert "f is flat to its last digit at" in str(survey)
    with pytest.raises(CannotTellError, match=r"right at \d+ points; cannot tell at \d+, such as"):
        check_gradients(lambda x: float(x) + random.normal(), st.floats(1, 2), grad=lambda x: 1.0)
    with pytest.raises(CannotTellError):
        check_gradients(math.tanh, st.floats(30, 40), grad=lambda x: 1e-25)
