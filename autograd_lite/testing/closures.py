"""Each local backward closure of a graph checked by itself: which is the first that is wrong?"""

from collections.abc import Callable, Sequence

from autograd_lite.core.backward import run_closure
from autograd_lite.core.micrograd import by_hand_partials
from autograd_lite.core.value import Value, as_data, as_value, topological_order
from autograd_lite.testing.numerical import numerical_derivative
from autograd_lite.testing.oracle import Truth, choose_oracle
from autograd_lite.testing.report import judge
from autograd_lite.transforms.linearize import between, pull_back

SEEDS = (1.0, -2.0)  # two gradients to try a closure with: it must multiply by them
Record = Callable[[Sequence[float]], tuple[list[Value], list[Value]]]


def first_wrong_closure(record: Record, point: Sequence[float], second: bool) -> str:
    """A sentence that names the guilty node, some derivative of the function that `record` records being wrong.

    Nodes are taken in the order of computation, so that what is named is where the error enters.
    """
    inputs, outputs = record(point)
    nodes = topological_order(*outputs, stop=inputs)[0]
    handed = {
        v: {g: run_closure(v, g) for g in SEEDS} for v in nodes if not v._primitive.by_hand
    }  # before an oracle interferes
    for index, v in enumerate(nodes):
        problem = _by_hand(record, point, index, v) if v._primitive.by_hand else _declared(v, handed[v], second)
        if problem:
            operands = ", ".join(f"{p.label}={p.data!r}" if p.label else repr(p.data) for p in v.parents)
            return f"The first wrong closure is that of {v.op!r}, at operands ({operands}): {problem}"
    return "Every closure is right by itself: look for digits lost where rounded numbers cancel."


def _declared(v: Value, handed: dict[float, Sequence[float]], second: bool) -> str:
    """What is wrong with what the closure of a node `handed` to its operands; its primitive can be applied again."""
    primitive, xs = v._primitive, [p.data for p in v._parents]
    inputs = [Value(x) for x in xs]
    again = primitive(*inputs)
    oracle = choose_oracle(again, inputs, primitive.evaluate)
    truths = [oracle.derivative([i]) for i in range(len(xs))]
    for g, contributions in handed.items():
        for i, (contribution, truth) in enumerate(zip(contributions, truths)):
            checked = judge("", contribution / g, truth, 0.0, 1e-8, "")
            if not checked.right:
                expected = float(truth.value) * g
                return f"operand {i} receives {contribution!r} of the gradient {g}, expected {expected!r}"
    if not second:
        return ""
    graph = between(inputs, [again])
    for i, gradient in enumerate(pull_back(graph, inputs, [again], [1.0], True)):
        slope = as_value(gradient)
        rates = pull_back(between(inputs, topological_order(slope, stop=inputs)[0]), inputs, [slope], [1.0], False)
        for j, got in enumerate(rates):
            checked = judge("", as_data(got), oracle.derivative(sorted((i, j))), 0.0, 1e-8, "")
            if not checked.right:
                return (
                    f"its second derivative in operands {i} and {j} is {got!r}, expected {checked.expected!r} "
                    "(what it returns is not the derivative for all operands, or not connected to them)"
                )
    return ""


def _by_hand(record: Record, point: Sequence[float], index: int, v: Value) -> str:
    """The same for a closure assigned by hand: it must explain how the node moves with its parents, input by input."""
    inputs, outputs = record(point)
    place = {u: k for k, u in enumerate(topological_order(*outputs, stop=inputs)[0])}
    v = next(u for u, k in place.items() if k == index)

    def rate(u: Value, i: int) -> Truth:
        if u not in place:
            return Truth(float(u is inputs[i]), 0.0)

        def moved(t: float) -> float:
            at, results = record([*point[:i], t, *point[i + 1 :]])
            return topological_order(*results, stop=at)[0][place[u]].data

        return Truth(*numerical_derivative(moved, point[i]))

    for i in range(len(point)):
        truth = rate(v, i)
        rates = [rate(p, i).value for p in v._parents]
        verdicts = []
        for grad in (0.0, 1.0):
            terms = [d * r for d, r in zip(by_hand_partials(v, grad), rates)]
            verdicts.append(judge("", sum(terms), truth, max(map(abs, terms)), 1e-6, ""))
        if not verdicts[0].right:
            return f"along input {i} its partial derivatives add up to {verdicts[0].got!r}, expected {truth.value!r}"
        if not verdicts[1].right:
            return "it sets its parents' grad where it must add: write `+=` for `=`"
    return ""
