#!/usr/bin/env python3
"""Derives the polynomial coefficients of ApproximateMath and writes Coefficients.h beside itself.

Needs mpmath. Each polynomial is a minimax fit (Remez exchange) whose coefficients are then rounded to
the computing type one at a time, lowest order first, refitting the others after each rounding: the low
orders carry the most weight, so the later coefficients absorb the rounding of the earlier ones.
"""
import os
import sys

from mpmath import mp, mpf, matrix, lu_solve, cos, sin, exp, log, pi, sqrt, atanh, floor, nint

mp.dps = 40
GRID = 500


def round_to(x, bits):
    """x rounded to a significand of the given number of bits."""
    if x == 0:
        return mpf(0)
    exponent = mp.frexp(x)[1]
    return mp.ldexp(nint(mp.ldexp(x, bits - exponent)), exponent - bits)


def chebyshev(lo, hi, count):
    return [(lo + hi) / 2 - (hi - lo) / 2 * cos(pi * (2 * k + 1) / (2 * count)) for k in range(count)]


def extrema(errors):
    """Indices of the largest error within each run of equal sign."""
    picked = []
    for k, error in enumerate(errors):
        if picked and (error > 0) == (errors[picked[-1]] > 0):
            if abs(error) > abs(errors[picked[-1]]):
                picked[-1] = k
        else:
            picked.append(k)
    return picked


def thin(found, errors, rows):
    """Drops the least extrema until `rows` are left, keeping their signs alternating."""
    size = lambda k: abs(errors[found[k]])
    while len(found) > rows:
        last = len(found) - 1
        k = min(range(last + 1), key=size)
        if len(found) == rows + 1 or k in (0, last):
            found.pop(0 if size(0) < size(last) else last)
        else:
            other = k - 1 if size(k - 1) < size(k + 1) else k + 1
            for index in sorted((k, other), reverse=True):
                found.pop(index)


def remez(points, values, weights, count, iterations=14):
    """Minimax c with sum c_k x^k ~ values under the positive weights; points are a Chebyshev grid."""
    rows = count + 1
    # Where the weight vanishes (at 0) any error is free, and the equations would lose their rank.
    least = max(weights) * mpf("1e-12")
    kept = [k for k, w in enumerate(weights) if w > least]
    points, values, weights = ([column[k] for k in kept] for column in (points, values, weights))
    picked = [round(k * (len(points) - 1) / (rows - 1)) for k in range(rows)]
    best = None
    for _ in range(iterations):
        system = matrix(rows, rows)
        right = matrix(rows, 1)
        for row, k in enumerate(picked):
            for column in range(count):
                system[row, column] = points[k] ** column
            system[row, count] = (-1) ** row / weights[k]
            right[row] = values[k]
        solution = lu_solve(system, right)
        ordered = [solution[k] for k in range(count)]
        errors = [w * (v - mp.polyval(ordered[::-1], x)) for x, v, w in zip(points, values, weights)]
        found = extrema(errors)
        largest = max(abs(e) for e in errors)
        if best is None or largest < best[0]:
            best = (largest, ordered)
        thin(found, errors, rows)
        if len(found) < rows or found == picked:
            break
        picked = found
    return best[1]


def fit(function, weight, lo, hi, count, bits, exact=()):
    """The rounded coefficients of 1, x, ..., of which the first ones are fixed by `exact`.

    After a coefficient is fixed the rest is divided by x, so that a basis of 1, x, ... remains: one that starts
    at a higher power vanishes at 0 and has no alternating minimax error on an interval around it.
    """
    points = chebyshev(mpf(lo), mpf(hi), GRID)
    values = [function(x) for x in points]
    weights = [weight(x) for x in points]
    result = []
    for k in range(count):
        fixed = exact[k] if k < len(exact) else round_to(remez(points, values, weights, count - k)[0], bits)
        result.append(fixed)
        values = [(v - fixed) / x for x, v in zip(points, values)]
        weights = [w * abs(x) for x, w in zip(points, weights)]
    error = max(abs(v * w) for v, w in zip(values, weights))
    return result, error


OUT = []


def emit(name, comment, coefficients, error=None):
    note = comment if error is None else f"{comment}; error 2^{float(mp.log(error, 2)):.1f}"
    OUT.append(f"/// {note}.")
    body = ",\n    ".join(float(c).hex() for c in coefficients)
    OUT.append(f"inline constexpr double {name}[] = {{\n    {body}}};\n")


def emit_scalar(name, comment, value):
    OUT.append(f"/// {comment}.\ninline constexpr double {name} = {float(value).hex()};\n")


def split(value, *bits):
    """value as a sum of parts, each truncated to the given number of bits, the last one rounded."""
    parts = []
    for width in bits[:-1]:
        exponent = mp.frexp(value)[1]
        part = mp.ldexp(floor(mp.ldexp(value, width - exponent)), exponent - width)
        parts.append(part)
        value -= part
    return parts + [round_to(value, bits[-1])]


def exponentials():
    half = log(mpf(2)) / 2 * mpf("1.001")
    one = (mpf(1), mpf(1))
    for name, degree, bits in (("kExp5F32", 5, 24), ("kExp6F32", 6, 24), ("kExp10F64", 10, 53),
                               ("kExp11F64", 11, 53)):
        c, e = fit(exp, lambda x: exp(-x), -half, half, degree + 1, bits, one)
        emit(name, f"exp(r) for |r| <= log(2)/2, degree {degree}", c, e)
    base = log(mpf(2))
    two = lambda x: exp(x * base)
    weight = lambda x: exp(-x * base)
    first = (mpf(1),)
    # 0 maps to 1 exactly: integer arguments give exact powers of two.
    # On [0, 1] the unit in the last place is the same everywhere, so the absolute error is what counts.
    for name, degree, bits in (("kExp2Floor5F32", 5, 24), ("kExp2Floor10F64", 10, 53),
                               ("kExp2Floor11F64", 11, 53)):
        # vreduce rounds x - floor(x) down, which only matters towards 1: by half of that the fit aims higher.
        bias = lambda x: two(x) * (1 + x * base / 4 * mpf(2) ** (1 - bits))
        c, e = fit(bias, lambda x: mpf(1), 0, 1, degree + 1, bits, first)
        emit(name, f"2^r for 0 <= r <= 1, degree {degree}", c, e)
    near = mpf("0.5005")
    for name, degree, bits in (("kExp2Near5F32", 5, 24), ("kExp2Near7F64", 7, 53),
                               ("kExp2Near10F64", 10, 53), ("kExp2Near11F64", 11, 53)):
        c, e = fit(two, weight, -near, near, degree + 1, bits, first)
        emit(name, f"2^r for |r| <= 1/2, degree {degree}", c, e)
    # The linear term ln2 r is added apart, in two words.
    tail = lambda x: (exp(x * base) - 1 - x * base) / x ** 2
    for name, degree, bits in (("kExp2Compensated6F32", 6, 24), ("kExp2Compensated11F64", 11, 53)):
        c, e = fit(tail, lambda x: x * x * weight(x), -near, near, degree - 1, bits)
        emit(name, f"(2^r - 1 - ln2 r) / r^2 for |r| <= 1/2, degree {degree} in all", c, e)


def logarithms():
    lo, hi = mpf("-0.25"), mpf("0.5")
    tail = lambda x: (mp.log1p(x) - x + x * x / 2) / x ** 3
    for name, count in (("kLog7F32", 7), ("kLog8F32", 8)):
        c, e = fit(tail, lambda x: abs(x ** 3 / mp.log1p(x)), lo, hi, count, 24)
        emit(name, f"(log(1+f) - f + f^2/2) / f^3 for -1/4 <= f <= 1/2, {count} terms", c, e)
    log2p = lambda x: mp.log1p(x) / x / log(mpf(2))
    c, e = fit(log2p, lambda x: 1 / log2p(x), lo, hi, 16, 53)
    emit("kLog2F64", "log2(1+f) / f for -1/4 <= f <= 1/2, enough for a float result", c, e)
    # log((1+s)/(1-s)) = 2s + s*z*R(z), z = s^2, |s| <= 1/5.
    top = mpf("0.0401")
    series = lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z
    weight = lambda z: z * sqrt(z) / (2 * atanh(sqrt(z)))
    for name, count in (("kLog7F64", 7), ("kLog8F64", 8)):
        c, e = fit(series, weight, mpf("1e-12"), top, count, 53)
        emit(name, f"(log((1+s)/(1-s)) - 2s) / s^3 in z = s^2, |s| <= 1/5, {count} terms", c, e)
    # For powers: the coefficient 2/3 of s^3 is kept apart in double-word form.
    third = lambda z: ((2 * atanh(sqrt(z)) / sqrt(z) - 2) / z - mpf(2) / 3) / z
    weight = lambda z: z * z * sqrt(z) / (2 * atanh(sqrt(z)))
    c, e = fit(third, weight, mpf("1e-12"), top, 9, 53)
    emit("kLogTailF64", "(log((1+s)/(1-s)) - 2s - 2/3 s^3) / s^5 in z = s^2, |s| <= 1/5", c, e)


def trigonometry():
    for suffix, bits, sines, cosines, edge in (("F32", 24, 3, 3, "0.81"), ("F64", 53, 6, 6, "0.7855")):
        edge = mpf(edge) ** 2
        low = mpf("1e-10")
        tail = lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z
        weight = lambda z: z * sqrt(z) / sin(sqrt(z))
        c, e = fit(tail, weight, low, edge, sines, bits)
        emit("kSin" + suffix, "(sin(r) - r) / r^3 in z = r^2", c, e)
        tail = lambda z: (cos(sqrt(z)) - 1 + z / 2) / z ** 2
        weight = lambda z: z * z / cos(sqrt(z))
        c, e = fit(tail, weight, low, edge, cosines, bits)
        emit("kCos" + suffix, "(cos(r) - 1 + r^2/2) / r^4 in z = r^2", c, e)


def constants():
    ln2 = log(mpf(2))
    for suffix, bits, head in (("F32", 24, 15), ("F64", 53, 41)):
        high, low = split(ln2, head, bits)
        emit_scalar("kLn2High" + suffix, "log(2), short enough that products with exponents are exact", high)
        emit_scalar("kLn2Low" + suffix, "log(2) minus the short part", low)
        a = round_to(ln2, bits)
        emit_scalar("kLn2" + suffix, "log(2), rounded", a)
        emit_scalar("kLn2Rest" + suffix, "log(2) minus its rounded value", round_to(ln2 - a, bits))
        emit_scalar("kLog2E" + suffix, "log2(e), rounded", round_to(1 / ln2, bits))
        emit_scalar("kTwoOverPi" + suffix, "2/pi, rounded", round_to(2 / pi, bits))
    for name, parts in (("F32", split(pi / 2, 24, 24, 24)), ("F64", split(pi / 2, 33, 33, 53))):
        emit("kHalfPi" + name, "pi/2 in parts, each truncated so that later parts are positive", parts)
    high = round_to(mpf(2) / 3, 53)
    emit("kTwoThirds", "2/3 in two words", [high, round_to(mpf(2) / 3 - high, 53)])


def main():
    exponentials()
    logarithms()
    trigonometry()
    constants()
    header = """// Coefficients of the polynomials and constants of range reduction, written by coefficients.py
// beside this file: do not edit. Values for float are exactly representable in float.
// clang-format off
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H

namespace keops::approx {

"""
    footer = "} // namespace keops::approx\n\n#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H\n"
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "Coefficients.h")
    with open(path, "w") as file:
        file.write(header + "\n".join(OUT) + "\n" + footer)


if __name__ == "__main__":
    main()
