# mypy: disable-error-code="untyped-decorator, no-untyped-call, call-arg, attr-defined, no-any-return"
"""One kernel for each kind of operation (see `layout.py`), in Python that Numba compiles.

A kernel works on `o`, the operation's numbers, `x`, the index, and `m`, the memory, all by their addresses. Numbers are
unsigned: where an index may be negative, LLVM makes no vectors. Sums go from left to right, vectors across results:
bits stay. A vector may read beyond a row, for there is always some memory, and writes only what belongs to the row.
"""

from math import log, log1p
from typing import Any

import numpy as np
from numba import carray
from numba.extending import intrinsic

from autograd_lite.compiler.backends.numba import simd
from autograd_lite.compiler.backends.numba.functions import (
    compiles,
    exact_dot,
    exp_difference,
    fsum,
    lost,
    mean,
    new,
    release,
    two_sum,
)

U = np.uint64
WIDE, NARROW = U(16), U(8)  # as many registers as there are, and half of them where there is more to keep
load_16, splat_16, _ = simd.of_width(16)
load, splat, gathered = simd.of_width(8)


@intrinsic
def offset(context: Any, m: Any, i: Any) -> Any:
    """The address of entry i."""
    return m(m, i), lambda context, builder, signature, args: builder.gep(args[0], [args[1]])


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


def gather(o: Any, x: Any, m: Any) -> None:
    t, n, w, at, by = o[0], o[1], o[2], o[3], o[4]
    if w == U(1):
        for p in range(n):
            m[t + p] = m[U(x[at + p])]
    else:
        for p in range(n):
            copy_row(m, t + w * p, w, U(x[at + p]), by)


def matmul(o: Any, x: Any, m: Any) -> None:
    t, s, rows, count, columns = o[0], o[1], o[2], o[3], o[4]
    a, i, k, b, h, stops, adds = o[5], o[6], o[7], o[8], o[9], o[10], o[11]
    for q in range(U(0), columns, WIDE):
        n = min(WIDE, columns - q)
        for p in range(U(0), rows, U(2)):  # two rows, for while one addition waits for the last the other goes on
            next_p = min(p + U(1), rows - U(1))
            y, next_y = t + s * p + q, t + s * next_p + q
            left, other, right = a + i * p, a + i * next_p, b + q
            total, next_total = splat_16(-0.0), splat_16(-0.0)
            if adds:
                total, next_total = load_16(m, y), load_16(m, next_y)
            for j in range(count):
                v = load_16(m, right + h * j)
                total = total + splat_16(m[left + k * j]) * v
                next_total = next_total + splat_16(m[other + k * j]) * v
            simd.store(m, y, total, n)
            simd.store(m, next_y, next_total, n)
        for p in range(rows if stops else U(0)):
            y = t + s * p + q
            for j in range(n):
                if m[y + j] != m[y + j]:
                    m[y + j] = sum_of_pairs(m, a + i * p, k, b + q + j, h, count, stops)


@compiles
def sum_of_pairs(m: Any, a: int, k: int, b: int, h: int, count: int, stops: int) -> float:
    """A sum of products; if adjoints are the first factors or the second (1 or 2), one of 0 makes its product 0."""
    y = -0.0
    for j in range(count):
        first, second = m[a + k * j], m[b + h * j]
        if stops == U(0) or (first if stops == U(1) else second) != 0.0:
            y += first * second
    return y


def dots(o: Any, x: Any, m: Any) -> None:
    """The terms are added to a number so large that the errors are what it takes from them, and that adds them right.

    It is more than all terms of a sum: the largest on the left by the sizes of those on the right.
    """
    t, s, rows, count, columns = o[0], o[1], o[2], o[3], o[4]
    a, i, k, b, h = o[5], o[6], o[7], o[8], o[9]
    lost_each, largest, smallest = splat(lost(count)), new(rows), new(rows)
    for p in range(rows):
        largest[p], smallest[p] = 0.0, np.inf
        for j in range(count):
            w = m[a + i * p + k * j]
            largest[p], smallest[p] = max(largest[p], abs(w)), simd.least(smallest[p], w)
    for q in range(U(0), columns, NARROW):
        n, right = min(NARROW, columns - q), b + q
        sizes, least = splat(0.0), splat(np.inf)
        for j in range(count):
            v = load(m, right + h * j)
            sizes, least = sizes + simd.magnitude(v), simd.least(least, v)
        for p in range(rows):
            y, left = t + s * p + q, a + i * p
            bias = load(m, y)
            bound = simd.magnitude(bias) + splat(largest[p]) * sizes
            large = splat(4.0) * bound
            total = large + bias
            errors, product_errors, squares = bias - (total - large), splat(0.0), bias * bias
            for j in range(count):
                w, v = splat(m[left + k * j]), load(m, right + h * j)
                product = w * v
                product_errors = product_errors + simd.product_error(w, v)
                after = total + product
                errors = errors + (product - (after - total))
                squares = simd.squared(product, squares)
                total = after
            smallest_term = simd.least(splat(smallest[p]) * least, bias)
            total = simd.compensated(total - large, errors, product_errors, squares, bound, lost_each, smallest_term)
            if simd.has_nan(total, n):
                for j in range(n):
                    y_j = simd.lane(total, j)
                    m[y + j] = y_j if y_j == y_j else exact_dot(m[y + j], int(count), m, left, k, right + j, h)
            else:
                simd.store(m, y, total, n)
    release(largest)
    release(smallest)


def sums(o: Any, x: Any, m: Any) -> None:
    t, n, w, count, at, strides, ends, stops = o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]
    is_single = w == U(1)
    neighbours = n if is_single else w
    for p in range(U(1) if is_single else n):
        y = t + w * p
        for q in range(U(0), neighbours if neighbours >= NARROW else U(0), NARROW):
            total, term = splat(-0.0), splat(1.0)
            for j in range(count):
                a = at + p + n * j
                if is_single:
                    factor = gathered(m, x, a + q)
                else:
                    factor = load(m, U(x[a]) + q) if x[strides + j] else splat(m[U(x[a])])
                term = factor if j == U(0) or x[ends + j - U(1)] else term * factor
                if x[ends + j]:
                    total = total + term
            simd.store(m, y + q, total, min(NARROW, neighbours - q))
        for q in range(neighbours):
            begin, lane = (at + q, U(0)) if is_single else (at + p, q)
            if neighbours < NARROW:
                m[y + q] = sum_of_products(m, x, begin, n, strides, ends, count, lane, U(0))
            if stops and m[y + q] != m[y + q]:
                m[y + q] = sum_of_products(m, x, begin, n, strides, ends, count, lane, U(1))


@compiles
def sum_of_products(m: Any, x: Any, at: int, n: int, by: int, ends: int, count: int, q: int, stops: int) -> float:
    """A sum of products, of which each is 0 from the first factor of 0 on if it stops there."""
    y, term, begins = -0.0, 1.0, True
    for j in range(count):
        factor = m[U(x[at + n * j]) + q * U(x[by + j])]
        term = factor if begins else 0.0 if stops and term == 0.0 else term * factor
        begins = x[ends + j] != 0
        if begins:
            y += term
    return y


def lanesum(o: Any, x: Any, m: Any) -> None:
    t, n, w, a, averaged = o[0], o[1], o[2], o[3], o[4]
    for p in range(n):
        y = row_sum(m, a + w * p, w)
        if y - y != 0.0:
            row = carray(offset(m, a + w * p), w)
            y = mean(row) if averaged else fsum(row)
        elif averaged:
            y /= w
        m[t + p] = y


@compiles
def row_sum(m: Any, a: int, w: int) -> float:
    """The correctly rounded sum of w numbers, as `fsum`; nan where it is not sure."""
    totals, lost, sizes = splat(0.0), splat(0.0), splat(0.0)
    end = w - w % NARROW
    for q in range(U(0), end, NARROW):
        v = load(m, a + q)
        after = totals + v
        z = after - totals
        e = (totals - (after - z)) + (v - z)
        totals, lost, sizes = after, lost + e, sizes + simd.magnitude(e)
    total, error, size = 0.0, 0.0, 0.0
    for q in range(NARROW + (w - end)):
        total, rounding = two_sum(total, simd.lane(totals, q) if q < NARROW else m[a + end + (q - NARROW)])
        error += rounding
        size += abs(rounding)
        if q < NARROW:
            error += simd.lane(lost, q)
            size += simd.lane(sizes, q)
    slack = 2.3e-16 * (float(w) + 32.0) * size  # more than what adding the errors lost
    return total + error if total + (error - slack) == total + (error + slack) else np.nan


def lanedot(o: Any, x: Any, m: Any) -> None:
    t, n, w, at, i, k = o[0], o[1], o[2], o[3], o[4], o[5]
    for p in range(n):
        a, b = U(x[at + U(2) * p]), U(x[at + U(2) * p + U(1)])
        m[t + p] = sum_of_pairs(m, a, i, b, k, w, U(0))
        if m[t + p] != m[t + p]:
            m[t + p] = sum_of_pairs(m, a, i, b, k, w, U(1))


def softmax(o: Any, x: Any, m: Any) -> None:
    t, c, w, a, want = o[0], o[1], o[2], o[3], o[4]
    room = new(U(2) * c)
    xs, others = carray(room, c), carray(offset(room, c), c)
    for q in range(w):
        top, best = m[a + q], U(0)
        for k in range(c):
            xs[k] = m[a + w * k + q]
            if xs[k] > top or xs[k] != xs[k]:
                top, best = xs[k], k
        for k in range(c):
            xs[k] = exp_difference(xs[k], top) if top != np.inf else 1.0 if xs[k] == top else 0.0
        rest = log1p(sum_without(xs, best, others)) if want & U(2) else 0.0
        total = sum_without(xs, c, others)
        for k in range(c):
            x_k, share = m[a + w * k + q], xs[k] / total
            xs[k] = share if top != np.inf or total == 1.0 or share == 0.0 else np.nan  # one that is inf alone has all
            m[t + w * k + q] = xs[k]
            if want & U(2):
                gap = -((top - x_k) + rest) if top - top == 0.0 else x_k - top
                m[t + w * (c + c + k) + q] = gap if top != np.inf else log(xs[k])
        if want & U(1):
            total, error, size = 0.0, 0.0, 0.0
            for k in range(c):
                total, rounding = two_sum(total, xs[k])
                error, size = error + rounding, size + abs(rounding)
            for k in range(c):
                others_k, rounding = two_sum(total, -xs[k])
                rounding += error
                slack = 2.3e-16 * (float(c) + 1.0) * (size + abs(rounding))
                rest_k = others_k + (rounding + slack)
                sure = rest_k == others_k + (rounding - slack)
                m[t + w * (c + k) + q] = rest_k if sure else sum_without(xs, k, others)
    release(room)


@compiles
def sum_without(xs: Any, k: int, others: Any) -> float:
    """The sum of all but entry k."""
    for j in range(len(xs)):
        others[j] = 0.0 if j == k else xs[j]
    return fsum(others)


@compiles
def total(m: Any, o: Any, at: int, n: int, stops: int) -> float:
    """A sum of products whose last factors are marked by an odd number, each 0 from the first factor of 0 on or not."""
    y, term, begins = -0.0, 1.0, True
    for k in range(at, at + n):
        factor = m[o[k] >> U(1)]
        term = factor if begins else 0.0 if stops and term == 0.0 else term * factor
        begins = o[k] & U(1) != U(0)
        if begins:
            y += term
    return y
