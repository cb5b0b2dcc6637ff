"""Sums of products in compiled code: of numbers, and of rows of numbers, one for each lane.

Operands are numbers of registers: below `r.size` single numbers in r, from there on rows of v. The rows of a sum are
added in the order of its terms, so that each lane gets the bits that it would get alone.
"""

from typing import Any

import numba
import numpy as np

from autograd_lite.compiler.backends.kernels import dot, rounded, two_product, two_sum

SPARE = 6  # rows at the end of v in which helpers work

REGISTER = np.uint32(2**31 - 1)
compiles: Any = numba.njit(error_model="numpy")
reassociates: Any = numba.njit(error_model="numpy", fastmath={"reassoc"})  # sums over lanes in any order


@compiles
def stopping_pairs(s: int, e: int, operands: Any, r: Any) -> float:
    """A sum of products in which a product whose first factor is 0 is 0."""
    y = -0.0
    for k in range(s, e, 2):
        g = r[operands[k]]
        if g != 0.0:
            y += g * r[operands[k + 1]]
    return y


@compiles
def products(s: int, e: int, operands: Any, r: Any, stops: bool) -> float:
    """A sum of products of any number of factors; the last of each term has the top bit of its register set."""
    y, term = -0.0, 1.0
    for k in range(s, e):
        x = operands[k]
        term *= r[x & REGISTER]
        if x > REGISTER:
            y += term
            term = 1.0
    if y == y or not stops:
        return y
    y, term = -0.0, 1.0
    for k in range(s, e):
        x = operands[k]
        term = term * r[x & REGISTER] if term != 0.0 else 0.0
        if x > REGISTER:
            y += term
            term = 1.0
    return y


# Over lanes: rows of v by their numbers. Never `v[t]`: a view costs more to make and to count than a short row to add.


@compiles
def in_lane(files: Any, x: int, lane: int) -> float:
    """What row x holds for this lane, in the file of the lane's block."""
    return files[lane // files.shape[2], x, lane % files.shape[2]]


@compiles
def row(x: int, spare: int, r: Any, v: Any, n: int) -> int:
    """The row of register x: a single number is written out in a spare row."""
    if x >= r.size:
        return x - r.size
    fill(v, v.shape[0] - 1 - spare, r[x], n)
    return v.shape[0] - 1 - spare


@compiles
def fill(v: Any, t: int, x: float, n: int) -> None:
    for j in range(n):
        v[t, j] = x


@reassociates
def row_sum(v: Any, a: int, n: int) -> float:
    y = 0.0
    for j in range(n):
        y += v[a, j]
    return y


@compiles
def has_nan(v: Any, a: int, n: int) -> bool:
    """Whether there may be a nan among them: their sum shows it, and takes no branch at each."""
    y = row_sum(v, a, n)
    return y != y


@reassociates
def product_sum(v: Any, a: int, b: int, n: int) -> float:
    y = 0.0
    for j in range(n):
        y += v[a, j] * v[b, j]
    return y


@compiles
def row_dot(x: int, z: int, r: Any, v: Any, n: int) -> float:
    """The sum over lanes of g times x, where a g of exactly 0 counts for nothing."""
    if x < r.size:
        y = r[x] * row_sum(v, z - r.size, n) if r[x] != 0.0 else 0.0
    elif z < r.size:
        y = row_sum(v, x - r.size, n) * r[z]
    else:
        y = product_sum(v, x - r.size, z - r.size, n)
    if y != y:
        y = 0.0
        for j in range(n):
            g = at(x, j, r, v)
            if g != 0.0:
                y += g * at(z, j, r, v)
    return y


@compiles
def at(x: int, j: int, r: Any, v: Any) -> float:
    return r[x] if x < r.size else v[x - r.size, j]


@compiles
def add_row(t: int, x: int, r: Any, v: Any, n: int) -> None:
    a = row(x, 0, r, v, n)
    for j in range(n):
        v[t, j] += v[a, j]


@compiles
def add_product(t: int, x: int, z: int, r: Any, v: Any, n: int) -> None:
    if (x < r.size) != (z < r.size):
        c, a = r[min(x, z)], max(x, z) - r.size
        for j in range(n):
            v[t, j] += c * v[a, j]
    else:
        a, b = row(x, 0, r, v, n), row(z, 1, r, v, n)
        for j in range(n):
            v[t, j] += v[a, j] * v[b, j]


@compiles
def row_pairs(t: int, s: int, e: int, operands: Any, r: Any, v: Any, n: int) -> None:
    """A sum of products. Mostly each is of a single number and a row: eight of these at once load and store y once."""
    first = r.size
    k, start = s, -0.0
    while k < e and operands[k] < first and operands[k + 1] < first:
        start += r[operands[k]] * r[operands[k + 1]]
        k += 2
    fill(v, t, start, n)
    while k < e:
        mixed = k + 16 <= e
        for i in range(k, min(k + 16, e), 2):
            mixed &= (operands[i] < first) != (operands[i + 1] < first)
        if mixed:
            add_eight(t, k, operands, r, v, n)
            k += 16
        else:
            add_product(t, operands[k], operands[k + 1], r, v, n)
            k += 2


@compiles
def add_eight(t: int, s: int, operands: Any, r: Any, v: Any, n: int) -> None:
    c0, a0 = scaled(s, operands, r)
    c1, a1 = scaled(s + 2, operands, r)
    c2, a2 = scaled(s + 4, operands, r)
    c3, a3 = scaled(s + 6, operands, r)
    c4, a4 = scaled(s + 8, operands, r)
    c5, a5 = scaled(s + 10, operands, r)
    c6, a6 = scaled(s + 12, operands, r)
    c7, a7 = scaled(s + 14, operands, r)
    for j in range(n):
        y = (((v[t, j] + c0 * v[a0, j]) + c1 * v[a1, j]) + c2 * v[a2, j]) + c3 * v[a3, j]
        v[t, j] = (((y + c4 * v[a4, j]) + c5 * v[a5, j]) + c6 * v[a6, j]) + c7 * v[a7, j]


@compiles
def scaled(k: int, operands: Any, r: Any) -> tuple[float, int]:
    """A product of a single number and a row: the number, and which row."""
    x, z = operands[k], operands[k + 1]
    return r[min(x, z)], max(x, z) - r.size


@compiles
def stopping_pairs_at(j: int, s: int, e: int, operands: Any, r: Any, v: Any) -> float:
    y = -0.0
    for k in range(s, e, 2):
        g = at(operands[k], j, r, v)
        if g != 0.0:
            y += g * at(operands[k + 1], j, r, v)
    return y


@compiles
def row_products(t: int, s: int, e: int, operands: Any, r: Any, v: Any, n: int, stops: bool) -> None:
    """A sum of products of any number of factors; a term grows in a spare row."""
    fill(v, t, -0.0, n)
    term = v.shape[0] - 2
    fill(v, term, 1.0, n)
    for k in range(s, e):
        a = row(operands[k] & REGISTER, 0, r, v, n)
        for j in range(n):
            v[term, j] *= v[a, j]
        if operands[k] > REGISTER:
            for j in range(n):
                v[t, j] += v[term, j]
                v[term, j] = 1.0
    if stops and has_nan(v, t, n):
        for j in range(n):
            y, product = -0.0, 1.0
            for k in range(s, e):
                product = product * at(operands[k] & REGISTER, j, r, v) if product != 0.0 else 0.0
                if operands[k] > REGISTER:
                    y += product
                    product = 1.0
            v[t, j] = y


@compiles
def row_dot_products(t: int, s: int, e: int, operands: Any, scratch: Any, r: Any, v: Any, n: int) -> None:
    """As `kernels.dot`, its sums in spare rows; one by one the lanes in which the terms cancel nearly altogether."""
    count = (e - s) // 2
    bias = row(operands[e - 1], 0, r, v, n) if e - s > 2 * count else -1
    size, largest, errors, product_errors = v.shape[0] - 3, v.shape[0] - 4, v.shape[0] - 5, v.shape[0] - 6
    for j in range(n):
        v[t, j] = v[bias, j] if bias >= 0 else 0.0
        v[size, j] = abs(v[t, j])
        v[largest, j] = v[errors, j] = v[product_errors, j] = 0.0
    for k in range(s, s + count):
        a, b = row(operands[k], 0, r, v, n), row(operands[k + count], 1, r, v, n)
        for j in range(n):
            x, z = v[a, j], v[b, j]
            product, product_error = two_product(x, z)
            v[t, j], error = two_sum(v[t, j], product)
            v[size, j] += abs(product)
            v[errors, j] += error
            v[product_errors, j] += product_error
            v[largest, j] = max(v[largest, j], abs(x), abs(z))
    for j in range(n):
        v[t, j] = rounded(v[t, j], v[size, j], v[largest, j], v[errors, j], v[product_errors, j])
        if v[t, j] != v[t, j]:
            for k in range(s, e):
                scratch[k - s] = at(operands[k], j, r, v)
            v[t, j] = dot(scratch[: e - s])
