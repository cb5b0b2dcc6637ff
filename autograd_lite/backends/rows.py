"""Sums of products in compiled code: of numbers, and of rows of numbers, one for each lane.

Operands are numbers of registers: below `r.size` single numbers in r, from there on rows of v. The rows of a sum are
added in the order of its terms, so that each lane gets the bits that it would get alone.
"""

from typing import Any

import numba
import numpy as np

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


@compiles
def in_lane(files: Any, x: int, lane: int) -> float:
    """What row x holds for this lane, in the file of the lane's block."""
    block, j = divmod(lane, files.shape[2])
    return files[block, x, j]


@compiles
def row(x: int, r: Any, v: Any, spare: Any, n: int) -> Any:
    """Register x over n lanes: a single number is written out."""
    if x >= r.size:
        return v[x - r.size]
    spare[:n] = r[x]
    return spare


@reassociates
def row_sum(x: Any, n: int) -> float:
    y = 0.0
    for i in range(n):
        y += x[i]
    return y


@compiles
def has_nan(x: Any, n: int) -> bool:
    """Whether there may be a nan among them: their sum shows it, and takes no branch at each."""
    y = row_sum(x, n)
    return y != y


@reassociates
def product_sum(v: Any, a: int, b: int, n: int) -> float:
    y = 0.0
    for i in range(n):
        y += v[a, i] * v[b, i]
    return y


@compiles
def row_dot(x: int, z: int, r: Any, v: Any, n: int) -> float:
    """The sum over lanes of g times x, where a g of exactly 0 counts for nothing."""
    if x < r.size:
        y = r[x] * row_sum(v[z - r.size], n) if r[x] != 0.0 else 0.0
    elif z < r.size:
        y = row_sum(v[x - r.size], n) * r[z]
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
def add_row(y: Any, x: int, r: Any, v: Any, n: int) -> None:
    if x < r.size:
        c = r[x]
        for j in range(n):
            y[j] += c
    else:
        a = v[x - r.size]
        for j in range(n):
            y[j] += a[j]


@compiles
def add_product(y: Any, x: int, z: int, r: Any, v: Any, n: int) -> None:
    if x < r.size and z < r.size:
        c = r[x] * r[z]
        for j in range(n):
            y[j] += c
    elif x < r.size or z < r.size:
        c = r[min(x, z)]
        a = v[max(x, z) - r.size]
        for j in range(n):
            y[j] += c * a[j]
    else:
        a, b = v[x - r.size], v[z - r.size]
        for j in range(n):
            y[j] += a[j] * b[j]


@compiles
def row_pairs(y: Any, s: int, e: int, operands: Any, r: Any, v: Any, n: int) -> None:
    """A sum of products. Mostly each is of a single number and a row: four of these at once load and store y once."""
    first = r.size
    k, start = s, -0.0
    while k < e and operands[k] < first and operands[k + 1] < first:
        start += r[operands[k]] * r[operands[k + 1]]
        k += 2
    y[:n] = start
    while k < e:
        mixed = k + 8 <= e
        for i in range(k, min(k + 8, e), 2):
            mixed &= (operands[i] < first) != (operands[i + 1] < first)
        if not mixed:
            add_product(y, operands[k], operands[k + 1], r, v, n)
            k += 2
            continue
        a = v[max(operands[k], operands[k + 1]) - first]
        b = v[max(operands[k + 2], operands[k + 3]) - first]
        c = v[max(operands[k + 4], operands[k + 5]) - first]
        d = v[max(operands[k + 6], operands[k + 7]) - first]
        p = r[min(operands[k], operands[k + 1])]
        q = r[min(operands[k + 2], operands[k + 3])]
        s = r[min(operands[k + 4], operands[k + 5])]
        t = r[min(operands[k + 6], operands[k + 7])]
        for j in range(n):
            y[j] = (((y[j] + p * a[j]) + q * b[j]) + s * c[j]) + t * d[j]
        k += 8


@compiles
def stopping_pairs_at(j: int, s: int, e: int, operands: Any, r: Any, v: Any) -> float:
    y = -0.0
    for k in range(s, e, 2):
        g = at(operands[k], j, r, v)
        if g != 0.0:
            y += g * at(operands[k + 1], j, r, v)
    return y


@compiles
def row_products(y: Any, s: int, e: int, operands: Any, r: Any, v: Any, term: Any, n: int, stops: bool) -> None:
    y[:n] = -0.0
    term[:n] = 1.0
    for k in range(s, e):
        x = operands[k] & REGISTER
        if x < r.size:
            c = r[x]
            for j in range(n):
                term[j] *= c
        else:
            a = v[x - r.size]
            for j in range(n):
                term[j] *= a[j]
        if operands[k] > REGISTER:
            for j in range(n):
                y[j] += term[j]
                term[j] = 1.0
    if stops and has_nan(y, n):
        for j in range(n):
            total, product = -0.0, 1.0
            for k in range(s, e):
                product = product * at(operands[k] & REGISTER, j, r, v) if product != 0.0 else 0.0
                if operands[k] > REGISTER:
                    total += product
                    product = 1.0
            y[j] = total
