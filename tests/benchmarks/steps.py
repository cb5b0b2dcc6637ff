"""The functions that the benchmarks run, written in scalars."""

import itertools
import random

import numpy as np

MOONS_SHAPE = [(2, 16), (16, 16), (16, 1)]
N_EMBD, N_HEAD, VOCAB, BLOCK = 16, 4, 27, 16
HEAD = N_EMBD // N_HEAD


def moons_data():
    """Parameters in one array, points and labels."""
    rng = np.random.default_rng(0)
    parameters = rng.uniform(-1, 1, sum((nin + 1) * nout for nin, nout in MOONS_SHAPE))
    points = rng.uniform((-1, -1), (2, 1), (100, 2))
    return parameters, points, np.where(points[:, 1] > 0, 1.0, -1.0)


def moons_score(parameters, point):
    """MLP 2-16-16-1 written out in scalars."""
    ps = iter(parameters)
    x = list(point)
    for i, (nin, nout) in enumerate(MOONS_SHAPE):
        ws = [[next(ps) for _ in range(nin)] for _ in range(nout)]
        bs = [next(ps) for _ in range(nout)]
        x = [sum((w * xi for w, xi in zip(row, x)), b) for row, b in zip(ws, bs)]
        x = [v.relu() for v in x] if i < 2 else x
    return x[0]


def moons_loss(parameters, points, labels):
    """Hinge loss over all points and L2: 66,000 nodes."""
    losses = [(1 - label * moons_score(parameters, point)).relu() for point, label in zip(points, labels)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)


def gpt_shapes():
    return {
        "wte": (VOCAB, N_EMBD), "wpe": (BLOCK, N_EMBD), "wq": (N_EMBD, N_EMBD), "wk": (N_EMBD, N_EMBD),
        "wv": (N_EMBD, N_EMBD), "wo": (N_EMBD, N_EMBD), "fc1": (4 * N_EMBD, N_EMBD), "fc2": (N_EMBD, 4 * N_EMBD),
        "head": (VOCAB, N_EMBD),
    }  # fmt: skip


def gpt_data():
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.08, shape) for name, shape in gpt_shapes().items()}
    return weights, [random.Random(0).randrange(VOCAB) for _ in range(10)]


def gpt_loss(weights, tokens):
    """One-layer GPT, causal attention with 4 heads, squared ReLU, mean cross-entropy over 9 tokens: 76,000 nodes."""

    def linear(x, w):
        return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]

    def softmax(logits):
        exps = [v.exp() for v in logits]
        total = sum(exps)
        return [e / total for e in exps]

    def rms_norm(x):
        scale = (sum(v * v for v in x) / len(x) + 1e-5) ** -0.5
        return [v * scale for v in x]

    keys, values, losses = [], [], []
    for position, (token, target) in enumerate(itertools.pairwise(tokens)):
        x = rms_norm([t + p for t, p in zip(weights["wte"][token], weights["wpe"][position])])
        residual, x = x, rms_norm(x)
        query = linear(x, weights["wq"])
        keys.append(linear(x, weights["wk"]))
        values.append(linear(x, weights["wv"]))
        attended = []
        for h in range(0, N_EMBD, HEAD):
            q = query[h : h + HEAD]
            scores = [sum(qi * ki for qi, ki in zip(q, k[h : h + HEAD])) / HEAD**0.5 for k in keys]
            shares = softmax(scores)
            attended += [sum(s * v[h + j] for s, v in zip(shares, values)) for j in range(HEAD)]
        x = [a + b for a, b in zip(linear(attended, weights["wo"]), residual)]
        residual, x = x, rms_norm(x)
        x = [v.relu() ** 2 for v in linear(x, weights["fc1"])]
        x = [a + b for a, b in zip(linear(x, weights["fc2"]), residual)]
        losses.append(-softmax(linear(x, weights["head"]))[target].log())
    return sum(losses) * (1 / len(losses))
