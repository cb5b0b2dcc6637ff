"""What readers answer to the exercises, and words of what the check must say to it.

Right answers written otherwise than in the solution, and typical wrong ones; `notebooks.py` tries them.
"""

ODD = ["None", "'x'", "[]", "len", "('a', 'b')", "[[1, 2], [3, 4]]", "{'a': 1}"]
"""What is no answer to any exercise whose answer is written in place of `...`: the check must say so, and not raise."""


def function(head: str, *lines: str) -> str:
    return "\n    ".join([f"def {head}:", *lines])


def layer(*backward: str) -> str:
    forward = function("forward(self, x)", "self.on = x > 0", "return np.maximum(x, 0)")
    methods = f"{forward}\n{function('backward(self, delta)', *backward)}"
    return "class Relu:\n    " + methods.replace("\n", "\n    ")


def descent(*lines: str) -> str:
    loop = ["x, visited = Value(3.0), []", "for _ in range(steps):", *(f"    {line}" for line in lines)]
    return function("without_clearing(steps)", *loop, "return visited")


def product(*lines: str) -> str:
    backward = ["def backward():", *(f"    {line}" for line in lines), "out._backward = backward"]
    return function("multiply(a, b)", "out = Value(a.data * b.data, (a, b), 'multiply')", *backward, "return out")


ANSWERS: dict[str, dict[int, dict[str, str]]] = {
    "01_value": {
        1: {
            "answer = [6.0, 1.0]": "Right",
            "answer = 3, 1": "gradient of a",
            "answer = 6, 0": "gradient of b",
            "answer = 6": "a pair",
        },
        2: {"answer = 4.0": "Right", "answer = 3": "exponent", "answer = 5": "no constant", "answer = '4'": "number"},
        3: {
            descent("y = f(x)", "y.backward()", "x.data = x.data - 0.1 * x.grad", "visited += [x.item()]"): "Right",
            descent("x.grad = 0", "f(x).backward()", "x.data -= 0.1 * x.grad", "visited.append(x.data)"): "settles",
            descent("f(x).backward()", "x.data += 0.1 * x.grad", "visited.append(x.data)"): "leads to 4.4",
            descent("f(x).backward()", "x = x - 0.1 * x.grad", "visited.append(x.data)"): "a new Value",
            "def without_clearing(steps):\n    f(Value(3.0)).backward()": "`return visited`",
        },
    },
    "02_chain_rule": {
        1: {
            "answer = [2 * 1.1, 1.1]": "Right",
            "answer = -47.8, 1.1": "with the discount",
            "answer = 2.2, 4.4": "at half price",
            "answer = 2.2": "a pair",
        },
        2: {
            function(
                "more_local_derivatives(op, x, y)", "return (1, -1) if op == '-' else [1 / y, -x / y / y]"
            ): "Right",
            function("more_local_derivatives(op, x, y)", "return (1, 1) if op == '-' else (1 / y, -x / y)"): "by y",
            function("more_local_derivatives(op, x, y)", "return (1, -1) if op == '-' else (y, x)"): "x / y by x",
            function("more_local_derivatives(op, x, y)", "return x - y if op == '-' else x / y"): "two numbers",
        },
        3: {
            "answer = 72.0": "Right",
            "answer = 66": "right gradient",
            "answer = 6": "first turn",
            "answer = 132": "11",
        },
        4: {"answer = 12.0": "Right", "answer = 6": "after the first call", "answer = 36": "second"},
    },
    "03_derivative_table": {
        1: {
            "answer = table.sqrt.vjp(1.0, 3.0), 9": "Right",
            "answer = 0.1667, 9.0": "Right",
            "answer = 1 / 6, 3": "So what is the 3?",
            "answer = 1.5, 9": "0.5 / y",
            "answer = 1 / 6, 1.73": "Its square root is 3",
        },
        2: {
            "bell = primitive('bell', lambda x: math.exp(-x * x), lambda g, x: (g * -2 * x * exp(-x * x),))": "Right",
            "bell = primitive('bell', lambda x: math.exp(-x * x), lambda g, y, x: (g * y,))": "negative",
            "bell = primitive('bell', lambda x: math.exp(-x * x), lambda g, y, x: (-2 * x * y,))": "what arrives",
            "bell = primitive('bell', lambda x: math.exp(-x * x), lambda g, y, x: g * -2 * x * y)": "a tuple of 1",
            "bell = primitive('bell', lambda x: math.exp(-x * x), lambda g, y, x: (g * math.exp(x),))": "autograd_lite",
        },
        3: {"answer = '*'": "Who sent it?", "answer = float('nan')": "who is to blame"},
        4: {
            function("slope_of_sigmoid(x)", "e = math.exp(-abs(x))", "return e / (1 + e) ** 2"): "Right",
            function("slope_of_sigmoid(x)", "return math.exp(-x)"): "at 0 it should be 0.25",
            function("slope_of_sigmoid(x)", "sigmoid(x) * sigmoid(-x)"): "returns None",
        },
    },
    "04_checking_derivatives": {
        1: {
            "answer = 1e-5": "Right",
            "answer = 1e-8": "rounding wins",
            "answer = 1e-3": "truncation wins",
            "answer = -1e-5": "positive",
        },
        2: {"answer = 0.0": "Right", "answer = -1": "Try it", "answer = 2": "imaginary part"},
        3: {
            "repaired = primitive('r', lambda x: x / (1 + abs(x)), lambda g, x: (g / (1 + abs(x)),))": "twice",
            "repaired = primitive('r', lambda x: x / (1 + abs(x)), lambda g, x: g / (1 + abs(x)) ** 2)": "a tuple of 1",
            "repaired = primitive('r', lambda x: x / (1 + x), lambda g, x: (g / (1 + x) ** 3,))": "not softsign",
        },
        4: {
            product("a.grad = a.grad + b.data * out.grad", "b.grad = b.grad + a.data * out.grad"): "Right",
            product("a.grad += b.data * out.grad", "b.grad = a.data * out.grad"): "b has received",
            product("a.grad += b.data", "b.grad += a.data"): "what arrives",
        },
        5: {layer("return delta"): "WRONG", layer("delta * self.on"): "`return`"},
    },
    "05_xor": {
        1: {
            "answer = [1, 1, 1, -1.5]": "Right",
            "answer = 1, 1, 1, 0": "the neuron answers",
            "answer = (10, 10, 10), -15": "four numbers",
        },
        2: {
            function("reverse(network)", "for p in network.parameters():", "    p.data = -p.data"): "now says",
            function("reverse(network)", "for p in network.layers[-1]:", "    p.data = -p.data"): "not iterable",
        },
        3: {
            "answer = [16, 20]": "Right",
            "answer = 20, 16": "optimiser of its own",
            "answer = 12, 15": "2,000",
            "answer = 0, 20": "trained",
            "answer = 20, 20": "stuck",
            "answer = 16": "a pair",
        },
        4: {
            "answer = 'tanh'": "Right",
            "answer = ['relu', 'tanh']": "two corners",
            "answer = ['linear']": "one neuron",
        },
    },
    "06_losses": {
        1: {"answer = 0.333": "Right", "answer = 0.5": "0.1250", "answer = -0.69": "logit", "answer = 33": "between"},
        2: {
            "answer = 0, log(18), 0": "Right",
            "answer = np.log([0.05, 0.9, 0.05])": "Right",
            "answer = [0.05, 0.9, 0.05]": "their softmax is",
            "answer = 0.9": "three scores",
        },
        3: {
            function("loss_of_counts(x, t)", "return 5 + exp(x) - x * t"): "Right",
            function("loss_of_counts(x, t)", "return (exp(x) - t) ** 2 / 2"): "the gradient is",
            function("loss_of_counts(x, t)", "exp(x) - t * x"): "`return`",
            function("loss_of_counts(x, t)", "import math", "return math.exp(x) - t * x"): "of autograd_lite",
        },
        4: {
            "answer = [2.0, 1.0]": "Right",
            "answer = 1, 2": "the sum",
            "answer = 2, 2": "the mean",
            "answer = 2": "a pair",
        },
        5: {
            layer("return np.where(self.on, delta, 0)"): "Right",
            layer("return delta"): "no gradient passes",
            layer("return self.on * 1.0"): "delta passes unchanged",
            layer("delta * self.on"): "each number that went in",
        },
    },
    "07_digits": {
        1: {
            "answer = 0.89": "Right",
            "answer = 89": "between 0 and 1",
            "answer = 0.95": "too good",
            "answer = 0.1": "too bad",
        },
        2: {
            "answer = nn.MLP(64, [10], init='xavier', seed=0)": "Has it been trained?",
            "answer = model": "1,210 parameters",
            "answer = 0.95": "network itself",
        },
        3: {"answer = 0.925": "Right", "answer = 92.5": "between 0 and 1", "answer = 0.5": "order of pixels"},
        4: {
            "answer = [Value(x) for x in images[0]]": "reads a 4",
            "answer = [16 * x for x in images[0]]": "from 0 to 1",
            "answer = images[1]": "more than 0.3",
        },
        5: {"answer = model": "weight_decay", "answer = history": "trained network"},
    },
    "08_parabola": {
        1: {
            "answer = history": "no plateau",
            "answer = network('sigmoid', 'xavier')": "history",
        },
        2: {
            "answer = network('tanh', 'xavier')": "their first weights",
            "answer = network('tanh', lambda rng, nin, nout: 0.3)": "not been trained",
        },
        3: {"answer = 3": "Right", "answer = 0.34": "first divided by the last", "answer = 10": "ten hidden layers"},
        4: {
            "answer = nn.Neuron(2, 'linear', seed=0)": "off",
            "answer = model": "two inputs",
        },
    },
    "09_beyond_first_derivatives": {
        1: {"answer = 0.7390851332": "Right", "answer = 0.739": "ten digits", "answer = 1.0": "cos x - x"},
        2: {"answer = -1": "Right", "answer = 1": "the minimum", "answer = -1.25": "the slope"},
        3: {
            "answer = 1.0, 0.0, -2.0, 0.0, 16.0": "Right",
            "answer = [1, 0, -1 / 3, 0, 2 / 15]": "Taylor",
            "answer = [0, 1, 0, -2, 0]": "value of tanh",
            "answer = [1, 0, 2, 0, 16]": "number 3",
        },
        4: {
            "answer = hessian(lambda x, y: sin(x * y) + x * exp(y), argnums=(0, 1))(0.3, 0.7)": "Right",
            "answer = hessian(lambda p: sin(p[0] * p[1]) + p[0] * exp(p[1]))([0.7, 0.3])": "(0.3, 0.7)",
            "answer = hessian(lambda x, y: sin(x * y) + x * exp(y))(0.3, 0.7)": "argnums",
        },
        5: {"answer = 'Forward mode'": "Right", "answer = 'reverse'": "going back"},
    },
    "10_programs": {
        1: {
            "answer = [3, 3]": "Right",
            "answer = 3, 5": "fewer",
            "answer = 5, 5": "program(1.0, 2.0)",
            "answer = 3": "pair",
        },
        2: {"answer = 'same'": "Right", "answer = 'different'": "how often"},
        3: {
            function("huber(x)", "m = relu(1 - relu(1 - abs(x)))", "return m * (abs(x) - m / 2)"): "Right",
            function("huber(x)", "return x * x / 2 if abs(x) < 1 else abs(x) - 0.5"): "cannot be recorded",
            function("huber(x)", "return where(x < 1, x * x / 2, abs(x) - 0.5)"): "2.5",
        },
        4: {
            function("root(a)", "x = 1.0", "for _ in range(8):", "    x = (x + a / x) / 2", "return x"): "Right",
            function(
                "root(a)", "x = a", "while abs(x * x - a) > 1e-10:", "    x = (x + a / x) / 2", "return x"
            ): "recorded",
            function("root(a)", "x = a", "for _ in range(2):", "    x = (x + a / x) / 2", "return x"): "More turns?",
            function("root(a)", "x = 2.0", "for _ in range(8):", "    x = (x + 2 / x) / 2", "return x"): "in each turn",
        },
        5: {
            "answer = list(jit(vmap(grad(tanh)))(at))": "Right",
            "answer = jit(vmap(tanh))(at)": "not its slopes",
            "answer = jit(vmap(grad(tanh)))": "called with `at`",
        },
    },
    "11_gpt": {
        1: {"answer = 2.77": "smaller", "answer = 1.0": "no worse"},
        2: {"answer = 5216": "not all of them double", "answer = 10432": "square matrices"},
        3: {"answer = invent(0.01, random.Random(3))": "Right", "answer = 'mesime'": "random.Random(seed)"},
        4: {"answer = 0.3": "cost of the 20", "answer = 1.2": "so good"},
        5: {
            "answer = [7, 3, 2, 1]": "Right",
            "answer = {0, 1, 2, 6}": "from 1 to 7",
            "answer = {1, 2, 3, 4}": "number 4",
            "answer = {1, 2}": "missing",
        },
    },
    "12_from_micrograd_to_pytorch": {
        1: {"answer = ours['losses']": "with the line", "answer = True": "ten losses"},
        2: {
            "answer = gradient": "Right",
            "answer = {**gradient, 'W1': np.transpose(gradient['W1'])}": "W1 (2, 4)",
            "answer = {'W1': gradient['W1']}": "a dict",
        },
        3: {
            "answer = [[ours['model'](list(p)).data] for p in points]": "Right",
            "answer = np.float32([ours['model'](list(p)).data for p in points])": "float32",
            "answer = [0] * 6": "differ",
        },
        4: {
            "answer = [2**24, 2**53]": "Right",
            "answer = 2**23, 2**52": "+ 1, too",
            "answer = 2**32, 2**64": "comes before",
            "answer = 2**24": "a pair",
        },
        5: {
            function(
                "mended(where, sqrt, x)", "safe = where(x == 0, 1.0, x)", "return where(x > 0, sqrt(safe), 0.0)"
            ): "Right",
            function("mended(where, sqrt, x)", "return where(x > 0, sqrt(x), 0.0)"): "still taken",
            function("mended(where, sqrt, x)", "return sqrt(where(x > 0, x, 1.0))"): "0 and 2",
            function("mended(where, sqrt, x)", "return sqrt(x) if x > 0 else 0.0"): "Use where",
        },
    },
}
