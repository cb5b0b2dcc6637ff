# mypy: disable-error-code="untyped-decorator, call-arg, assignment, no-any-return"
"""One kernel for each kind of operation (see `layout.py`), in Python that Numba compiles.

A kernel works on `o`, the operation's numbers, `x`, the index, and `m`, the memory. All are unsigned: where an index
may be negative, LLVM makes no vectors. Sums go from left to right, vectors across results: bits stay.
"""

from typing import Any

import numba
import numpy as np

from autograd_lite.compiler.backends.numba import simd
from autograd_lite.compiler.backends.numba.functions import dot, exp_difference, fsum, log1p

compiles: Any = numba.njit(error_model="numpy")  # division follows IEEE 754
U = np.uint64


@compiles
def copy(o: Any, x: Any, m: Any) -> None:
    t, n, w, a, i, by = o[0], o[1], o[2], o[3], o[4], o[5]
    for p in range(n):
        copy_row(m, t + w * p, w, a + i * p, by)


@compiles
def copy_row(m: Any, t: int, w: int, a: int, by: int) -> None:
    if by == U(1):
        for q in range(w):
            m[t + q] = m[a + q]
    else:
        for q in range(w):
            m[t + q] = m[a + by * q]


@compiles
def gather(o: Any, x: Any, m: Any) -> None:
    t, n, w, at, by = o[0], o[1], o[2], o[3], o[4]
    if w == U(1):
        for p in range(n):
            m[t + p] = m[U(x[at + p])]
    else:
        for p in range(n):
            copy_row(m, t + w * p, w, U(x[at + p]), by)


def _matmul_block(width: int) -> Any:
    load, splat = simd.of_width(width)
    add, mul, store = simd.add, simd.mul, simd.store

    def block(m: Any, y: int, left: int, k: int, right: int, h: int, count: int) -> None:
        total = splat(-0.0)
        for _ in range(count):
            total = add(total, mul(splat(m[left]), load(m, right)))
            left += k
            right += h
        store(m, y, total)

    block.__qualname__ += str(width)  # by its name machine code finds it, on disk too
    return compiles(block)


matmul_16, matmul_4, matmul_1 = (_matmul_block(width) for width in (16, 4, 1))


@compiles
def matmul(o: Any, x: Any, m: Any) -> None:
    t, s, rows, count, columns = o[0], o[1], o[2], o[3], o[4]
    a, i, k, b, h, stops = o[5], o[6], o[7], o[8], o[9], o[10]
    for p in range(rows):
        y, left, q = t + s * p, a + i * p, U(0)
        while q + U(16) <= columns:
            matmul_16(m, y + q, left, k, b + q, h, count)
            q += U(16)
        while q + U(4) <= columns:
            matmul_4(m, y + q, left, k, b + q, h, count)
            q += U(4)
        while q < columns:
            matmul_1(m, y + q, left, k, b + q, h, count)
            q += U(1)
        if stops:
            for q in range(columns):
                if m[y + q] != m[y + q]:
                    m[y + q] = stopping(m, left, k, b + q, h, count, stops == U(1))


@compiles
def stopping(m: Any, a: int, k: int, b: int, h: int, count: int, first: bool) -> float:
    """A sum of products in which a product whose adjoint is 0 is 0; adjoints are the first factors or the second."""
    y = -0.0
    for _ in range(count):
        if (m[a] if first else m[b]) != 0.0:
            y += m[a] * m[b]
        a += k
        b += h
    return y


def _dots_block(width: int) -> Any:
    load, splat = simd.of_width(width)
    add, sub, mul, store = simd.add, simd.sub, simd.mul, simd.store
    product_error, corrected, is_usual = simd.product_error, simd.corrected, simd.is_usual

    def block(m: Any, y: int, left: int, k: int, right: int, h: int, count: int) -> None:
        a, b = left, right
        total = load(m, y)
        squares = mul(total, total)
        errors, product_errors = splat(0.0), splat(0.0)
        for _ in range(count):
            w, v = splat(m[a]), load(m, b)
            product = mul(w, v)
            product_errors = add(product_errors, product_error(w, v))
            after = add(total, product)
            z = sub(after, total)
            errors = add(errors, add(sub(total, sub(after, z)), sub(product, z)))
            squares = add(squares, mul(product, product))
            total = after
            a += k
            b += h
        if is_usual(total, squares):
            store(m, y, corrected(total, errors, product_errors, squares))
        else:
            for q in range(width):
                m[y + U(q)] = dot_alone(m, y + U(q), left, k, right + U(q), h, count)

    block.__qualname__ += str(width)  # by its name machine code finds it, on disk too
    return compiles(block)


@compiles
def dot_alone(m: Any, y: int, a: int, k: int, b: int, h: int, count: int) -> float:
    n = int(count)
    v = np.empty(2 * n + 1)
    for j in range(n):
        v[j], v[n + j] = m[a], m[b]
        a += k
        b += h
    v[2 * n] = m[y]
    return dot(v)


dots_8, dots_4, dots_1 = (_dots_block(width) for width in (8, 4, 1))


@compiles
def dots(o: Any, x: Any, m: Any) -> None:
    t, s, rows, count, columns = o[0], o[1], o[2], o[3], o[4]
    a, i, k, b, h = o[5], o[6], o[7], o[8], o[9]
    for p in range(rows):
        y, left, q = t + s * p, a + i * p, U(0)
        while q + U(8) <= columns:
            dots_8(m, y + q, left, k, b + q, h, count)
            q += U(8)
        while q + U(4) <= columns:
            dots_4(m, y + q, left, k, b + q, h, count)
            q += U(4)
        while q < columns:
            dots_1(m, y + q, left, k, b + q, h, count)
            q += U(1)


def _sums_block(width: int) -> Any:
    load, splat = simd.of_width(width)
    add, mul, store = simd.add, simd.mul, simd.store

    def block(m: Any, y: int, x: Any, at: int, n: int, strides: int, ends: int, count: int, q: int) -> None:
        total, term = splat(-0.0), splat(1.0)
        j = U(0)
        while j < count:
            a = U(x[at + n * j])
            factor = load(m, a + q) if x[strides + j] else splat(m[a])
            term = factor if j == U(0) or x[ends + j - U(1)] else mul(term, factor)
            if x[ends + j]:
                total = add(total, term)
            j += U(1)
        store(m, y, total)

    block.__qualname__ += str(width)  # by its name machine code finds it, on disk too
    return compiles(block)


sums_4, sums_1 = _sums_block(4), _sums_block(1)


@compiles
def sums(o: Any, x: Any, m: Any) -> None:
    t, n, w, count, at, strides, ends, stops = o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]
    for p in range(n):
        y, q = t + w * p, U(0)
        while q + U(4) <= w:
            sums_4(m, y + q, x, at + p, n, strides, ends, count, q)
            q += U(4)
        while q < w:
            sums_1(m, y + q, x, at + p, n, strides, ends, count, q)
            q += U(1)
        if stops:
            for q in range(w):
                if m[y + q] != m[y + q]:
                    m[y + q] = stopping_sum(m, x, at + p, n, strides, ends, count, q)


@compiles
def stopping_sum(m: Any, x: Any, at: int, n: int, strides: int, ends: int, count: int, q: int) -> float:
    """A sum of products of which each is 0 from the first factor of 0 on."""
    y, term, begins = -0.0, 1.0, True
    for j in range(count):
        factor = m[U(x[at + n * j]) + q * U(x[strides + j])]
        term = factor if begins else term * factor if term != 0.0 else 0.0
        begins = x[ends + j] != 0
        if begins:
            y += term
    return y


@compiles
def lanesum(o: Any, x: Any, m: Any) -> None:
    t, n, w, a = o[0], o[1], o[2], o[3]
    for p in range(n):
        m[t + p] = fsum(m[a + w * p : a + w * (p + U(1))])


@compiles
def lanedot(o: Any, x: Any, m: Any) -> None:
    t, n, w, at, i, k = o[0], o[1], o[2], o[3], o[4], o[5]
    for p in range(n):
        a, b = U(x[at + U(2) * p]), U(x[at + U(2) * p + U(1)])
        matmul_1(m, t + p, a, i, b, k, w)
        if m[t + p] != m[t + p]:
            m[t + p] = stopping(m, a, i, b, k, w, True)


@compiles
def softmax(o: Any, x: Any, m: Any) -> None:
    t, c, w, a, want = o[0], o[1], o[2], o[3], o[4]
    xs, others = np.empty(c), np.empty(c - U(1))
    for q in range(w):
        top, best = m[a + q], U(0)
        for k in range(c):
            xs[k] = m[a + w * k + q]
            if xs[k] > top or xs[k] != xs[k]:
                top, best = xs[k], k
        for k in range(c):
            xs[k] = exp_difference(xs[k], top)
        if want & U(2):
            rest = log1p(sum_without(xs, best, others))
            for k in range(c):
                x_k = m[a + w * k + q]
                m[t + w * (c + c + k) + q] = -((top - x_k) + rest) if top - top == 0.0 else x_k - top
        total = fsum(xs)
        for k in range(c):
            xs[k] /= total
            m[t + w * k + q] = xs[k]
        if want & U(1):
            for k in range(c):
                m[t + w * (c + k) + q] = sum_without(xs, k, others)


@compiles
def sum_without(xs: Any, k: int, others: Any) -> float:
    """The sum of all but entry k."""
    for j in range(len(others)):
        others[j] = xs[j if j < k else j + 1]
    return fsum(others)


@compiles
def total(code: int, o: Any, at: int, n: int, m: Any) -> float:
    """A sum, a sum of pairs of factors, or of products, whose last factors are marked by an odd number."""
    y, term, begins = -0.0, 1.0, True
    if code == 1:
        for k in range(at, at + n):
            y += m[o[k]]
        return y
    if code <= 3:
        for k in range(at, at + n, 2):
            y += m[o[k]] * m[o[k + 1]]
        if y == y or code == 2:
            return y
        y = -0.0
        for k in range(at, at + n, 2):
            g = m[o[k]]
            if g != 0.0:
                y += g * m[o[k + 1]]
        return y
    for k in range(at, at + n):
        term = m[o[k] >> 1] if begins else term * m[o[k] >> 1]
        begins = (o[k] & 1) == 1
        if begins:
            y += term
    if y == y or code == 4:
        return y
    y, begins = -0.0, True
    for k in range(at, at + n):
        factor = m[o[k] >> 1]
        term = factor if begins else term * factor if term != 0.0 else 0.0
        begins = (o[k] & 1) == 1
        if begins:
            y += term
    return y
