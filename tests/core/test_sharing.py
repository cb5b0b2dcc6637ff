"""What threads, tasks, generators and interrupts may not do to one another."""

import asyncio
import random
import sys
import threading

import numpy as np
import pytest

from autograd_lite import Value, detect_anomaly, exp, grad, jit, jvp, log, no_grad, tanh, vmap
from autograd_lite.core.value import active

# --- threads, tasks, generators ------------------------------------------------------------------------------------


def side_by_side(*loops):
    """Run functions in threads that switch often; the first error is raised here."""
    errors = []

    def run(loop):
        try:
            loop()
        except BaseException as error:
            errors.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    if errors:
        raise errors[0]


def test_2000_gradients_beside_a_thread_without_graphs():
    w = Value(2.0)
    done = threading.Event()

    def without():
        while not done.is_set():
            with no_grad():
                assert (w * w).parents == ()

    def gradients():
        try:
            for _ in range(2_000):
                x = Value(3.0)
                (x * w + exp(x) * 0.0).backward()
                assert x.grad == 2.0
        finally:
            done.set()

    side_by_side(without, gradients)
    assert w.grad == 6_000.0


def test_backward_in_threads_that_share_leaves_loses_nothing():
    w = Value(2.0)

    def work():
        for _ in range(300):
            x = Value(3.0)
            (w * x * x).backward()
            assert x.grad == 12.0
            assert grad(lambda u: w * u)(1.0).data == 2.0

    side_by_side(*[work] * 4)
    assert w.grad == 4 * 300 * 9.0


def test_eager_work_beside_recording_with_the_same_values():
    w = Value(2.0)
    done = threading.Event()

    def record():
        try:
            for i in range(200):
                f = jit(lambda x: tanh(w * x) + float(i), backend="python")  # noqa: B023
                assert abs(f(0.0).data - i) < 1e-12
        finally:
            done.set()

    def compute():
        while not done.is_set():
            y = w * 3.0
            assert (w.data, y.data, type(w), type(y)) == (2.0, 6.0, Value, Value)
            assert w > 1.0

    side_by_side(record, compute, compute)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_a_jitted_function_in_four_threads(backend):
    pytest.importorskip(backend) if backend != "python" else None
    f = jit(lambda x: x * x + 1.0, backend=backend)
    wrong = []

    def work(offset):
        for i in range(12_500):
            x = float(4 * i + offset)
            if f(x) != x * x + 1.0:
                wrong.append(x)

    side_by_side(*[lambda k=k: work(k) for k in range(4)])
    assert wrong == []


def test_tasks_have_modes_of_their_own():
    x = Value(2.0)

    async def without():
        with no_grad():
            await asyncio.sleep(0)
            assert (x * x).parents == ()
            await asyncio.sleep(0)

    async def ordinary():
        for _ in range(4):
            assert (x * x).parents
            await asyncio.sleep(0)

    async def outlives_its_maker_s_block():
        await asyncio.sleep(0.01)
        assert (x * x).parents

    async def everything():
        await asyncio.gather(without(), ordinary(), without(), ordinary())
        with no_grad():
            task = asyncio.create_task(outlives_its_maker_s_block())
        await task

    asyncio.run(everything())


@pytest.mark.parametrize("first", [no_grad, detect_anomaly])
def test_blocks_of_generators_end_in_any_order(first):
    def block(mode):
        with mode():
            yield

    x = Value(2.0)
    one, other = block(first), block(no_grad)
    next(one)
    next(other)
    one.close()
    assert (x * x).parents == ()
    other.close()
    assert (x * x).parents == (x, x)
    assert log(Value(0.0)).parents
    assert active() == ()


def test_what_a_recording_sees_of_the_outside_however_it_is_held():
    class Sub(Value):
        pass

    class Holder:
        shared = Value(2.0)

        def __init__(self):
            self.own, self.inside = Value(2.0), {"list": [Value(2.0)]}

        @property
        def found(self):
            return self.own

        @staticmethod
        def fixed():
            return Holder.shared

    holder, sub, cells = Holder(), Sub(2.0), np.array([Value(2.0)], dtype=object)
    reach = [
        lambda: holder.own,
        lambda: holder.found,
        lambda: holder.fixed(),
        lambda: holder.inside["list"][0],
        lambda: getattr(holder, "sha" + "red"),
        lambda: sub,
        lambda: cells[0],
        lambda default=holder.own: default,
    ]
    for value in reach:
        with pytest.raises(TypeError, match="recorded by jit"):
            jit(lambda x: x * value().data, backend="python")(1.0)  # noqa: B023
        f = jit(lambda x: x * value(), backend="python")  # noqa: B023
        assert f(3.0).data == 6.0
        value().data = 5.0
        assert f(3.0).data == 15.0
        value().data = 2.0
    assert type(sub) is Sub


# --- one Ctrl-C ----------------------------------------------------------------------------------------------------


class Interrupted:
    """Runs a function and raises one KeyboardInterrupt at the n-th line that the package executes."""

    def __init__(self, n):
        self.left = n

    def __call__(self, f):
        sys.settrace(self.trace)
        try:
            f()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(None)
        return False

    def trace(self, frame, event, argument):
        if "autograd_lite" not in frame.f_code.co_filename or "tests" in frame.f_code.co_filename:
            return None
        self.left -= 1
        if self.left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self.trace


def graph():
    w, x = Value(0.5), Value(2.0)
    w.grad, x.grad = 1.0, 10.0
    h = tanh(w * x + 1.0)
    return w, x, h * h + exp(w) * x


def backward(w, x, y):
    y.backward()


def create_graph(w, x, y):
    y.backward(create_graph=True)


def forward(w, x, y):
    y.forward()


def transform(w, x, y):
    grad(lambda u: w * u * y + grad(lambda v: v * u * x)(1.0))(2.0)
    jvp(lambda u: w * u * y, (2.0,), (1.0,))


def record(w, x, y):
    jit(lambda us: vmap(lambda u: grad(lambda v: w * v * u + y)(x))(us), backend="python")([1.0, 2.0])


def leave_blocks(w, x, y):
    with no_grad():
        y.forward()
    jit(lambda u: u * w, backend="python")(x).backward()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in a generator that is being closed
@pytest.mark.parametrize("work", [backward, create_graph, forward, transform, record, leave_blocks])
def test_an_interrupt_at_any_moment_loses_nothing(work):
    def state(w, x, y):
        nodes = [w, x, y, *y.parents]
        return [(v.data, v.grad.data if isinstance(v.grad, Value) else v.grad, type(v)) for v in nodes]

    before = state(*graph())
    whole = graph()
    work(*whole)
    after = state(*whole)
    draw = random.Random(0)
    lines = Interrupted(0)
    lines(lambda: work(*graph()))
    total = -lines.left
    interrupted = 0
    for _ in range(170):
        values = graph()
        if Interrupted(draw.randint(1, total))(lambda: work(*values)):  # noqa: B023
            interrupted += 1
        assert state(*values) in (before, after)
        again = values[0] * values[1]
        again.backward()
        assert again.parents == values[:2]
    assert interrupted > 100
