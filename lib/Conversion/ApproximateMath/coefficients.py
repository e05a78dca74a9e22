#!/usr/bin/env python3
"""Derives the polynomial coefficients of ApproximateMath and writes Coefficients.h beside itself, and those of
lib/IR/SpecialFunctions.cpp beside that file.

Needs mpmath. Each polynomial is a minimax fit (Remez exchange) whose coefficients are then rounded to
the computing type one at a time, lowest order first, refitting the others after each rounding: the low
orders carry the most weight, so the later coefficients absorb the rounding of the earlier ones.
"""
import os

from mpmath import (mp, mpf, matrix, lu_solve, cos, sin, cot, cosh, sinh, exp, expm1, log, pi, sqrt, asin, atan, atanh, erf, erfc,
                    euler, loggamma, psi, floor, nint)

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


def emit_words(name, comment, value, bits):
    """The bits of a fraction after its binary point, in words of 64."""
    OUT.append(f"/// {comment}.")
    words = [int(floor(mp.ldexp(value, at + 64))) % 2**64 for at in range(0, bits, 64)]
    body = ",\n    ".join(f"{word:#018x}" for word in words)
    OUT.append(f"inline constexpr uint64_t {name}[] = {{\n    {body}}};\n")


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


def hyperbolic():
    half = log(mpf(2)) / 2 * mpf("1.001")
    low = mpf("1e-10")
    tail = lambda r: (expm1(r) - r) / r ** 2
    for name, count, bits in (("kExpm1F32", 6, 24), ("kExpm1F64", 11, 53)):
        c, e = fit(tail, lambda r: abs(r * r / expm1(r)), -half, half, count, bits)
        emit(name, f"(exp(r) - 1 - r) / r^2 for |r| <= log(2)/2, {count} terms", c, e)
    even = lambda z: (cosh(sqrt(z)) - 1) / z
    odd = lambda z: (sinh(sqrt(z)) / sqrt(z) - 1) / z
    for suffix, count, bits in (("F32", 3, 24), ("F64", 5, 53)):
        c, e = fit(even, lambda z: z, low, half ** 2, count, bits)
        emit("kCosh" + suffix, "(cosh(r) - 1) / r^2 in z = r^2, |r| <= log(2)/2", c, e)
        c, e = fit(odd, lambda z: z * sqrt(z) / sinh(sqrt(z)), low, half ** 2, count, bits)
        emit("kSinh" + suffix, "(sinh(r) - r) / r^3 in z = r^2, |r| <= log(2)/2", c, e)


def inverse_trigonometry():
    low = mpf("1e-10")
    arc = lambda function: lambda z: (function(sqrt(z)) / sqrt(z) - 1) / z
    weight = lambda function: lambda z: z * sqrt(z) / function(sqrt(z))
    for suffix, sines, tangents, bits in (("F32", 5, 9, 24), ("F64", 12, 20, 53)):
        c, e = fit(arc(asin), weight(asin), low, mpf("0.25"), sines, bits)
        emit("kAsin" + suffix, "(asin(t) - t) / t^3 in z = t^2, |t| <= 1/2", c, e)
        c, e = fit(arc(atan), weight(atan), low, mpf(1), tangents, bits)
        emit("kAtan" + suffix, "(atan(t) - t) / t^3 in z = t^2, |t| <= 1", c, e)


def error_functions():
    near = lambda z: erf(sqrt(z)) / sqrt(z) - 1
    for suffix, count, bits in (("F32", 7, 24), ("F64", 12, 53)):
        c, e = fit(near, lambda z: sqrt(z) / erf(sqrt(z)), mpf("1e-10"), mpf(1), count, bits)
        emit("kErf" + suffix, "erf(t) / t - 1 in z = t^2, |t| <= 1", c, e)
    # Further out erf is 1 - exp(-q), and an error of q counts less the smaller erfc is.
    far = lambda y: -log(erfc(y + 1))
    for suffix, top, count, bits in (("F32", 4, 7, 24), ("F64", mpf("5.95"), 18, 53)):
        high = round_to(far(0), bits)
        head = [high, round_to(far(0) - high, bits)]
        emit("kErfFarHead" + suffix, "-log(erfc(1)) in two words", head)
        c, e = fit(far, lambda y: erfc(y + 1), mpf("-0.065"), top - 1, count, bits, (sum(head),))
        note = f"(-log(erfc(1 + y)) + log(erfc(1))) / y for -0.065 <= y <= {float(top - 1)}; the error is that of erf"
        emit("kErfFar" + suffix, note, c[1:], e)
    edge = mpf("0.68")
    # t = (x - center) / (x + center) carries the whole half line to an interval.
    for suffix, center, top, count, bits in (("F32", 2, mpf("10.1"), 9, 24), ("F64", 3, mpf("27.3"), 23, 53)):
        x = lambda t: center * (1 + t) / (1 - t)
        scaled = lambda t: (1 + 2 * x(t)) * exp(x(t) ** 2) * erfc(x(t))
        c, e = fit(scaled, lambda t: 1 / scaled(t), (edge - center) / (edge + center), (top - center) / (top + center),
                   count, bits)
        emit("kErfc" + suffix, f"(1 + 2x) exp(x^2) erfc(x) in t = (x-{center})/(x+{center}), x >= 0.68", c, e)


def gamma_functions():
    near = lambda e: loggamma(2 + e) / e if e else 1 - euler
    c, e = fit(near, lambda e: 1 / near(e), mpf("-0.5001"), mpf("0.5001"), 18, 53)
    emit("kLogGamma", "log(gamma(2 + e)) / e for |e| <= 1/2", c, e)
    # Stirling's series diverges; a fit for arguments from 6 on does not.
    root = lambda w: 1 / sqrt(w)
    stirling = lambda w: (loggamma(root(w)) - (root(w) - mpf("0.5")) * log(root(w)) + root(w) - log(2 * pi) / 2) * root(w)
    c, e = fit(stirling, lambda w: sqrt(w), mpf("1e-12"), 1 / mpf(36), 8, 53)
    emit("kStirling", "(log(gamma(x)) - (x - 1/2) log(x) + x - log(2 pi)/2) x in w = 1/x^2, x >= 6", c, e)
    rest = lambda w: (log(root(w)) - sqrt(w) / 2 - psi(0, root(w))) / w
    c, e = fit(rest, lambda w: w, mpf("1e-12"), 1 / mpf(36), 8, 53)
    emit("kDigamma", "(log(x) - 1/(2x) - digamma(x)) x^2 in w = 1/x^2, x >= 6", c, e)
    sine = lambda z: (sin(pi * sqrt(z)) / (pi * sqrt(z)) - 1) / z
    c, e = fit(sine, lambda z: pi * z * sqrt(z) / sin(pi * sqrt(z)), mpf("1e-10"), mpf("0.2501"), 9, 53)
    emit("kSinPi", "(sin(pi f) / (pi f) - 1) / f^2 in z = f^2, |f| <= 1/2", c, e)
    c, e = fit(lambda z: pi * sqrt(z) * cot(pi * sqrt(z)), lambda z: 1, mpf("1e-10"), mpf("0.2501"), 15, 53)
    emit("kCotPi", "pi f cot(pi f) in z = f^2, |f| <= 1/2", c, e)


@mp.workprec(1300)
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
    for name, parts in (("F32", split(pi / 2, 24, 24, 24)), ("F64", split(pi / 2, 33, 33, 53, 53))):
        emit("kHalfPi" + name, "pi/2 in parts, each truncated so that later parts are positive", parts)
    for suffix, bits in (("F32", 24), ("F64", 53)):
        high = round_to(pi / 2, bits)
        emit("kQuarterTurn" + suffix, "pi/2 in two words", [high, round_to(pi / 2 - high, bits)])
    emit_words("kTwoOverPiWords", "2/pi in words, behind 37 zeros", mp.ldexp(2 / pi, -37), 19 * 64)
    high = round_to(mpf(2) / 3, 53)
    emit("kTwoThirds", "2/3 in two words", [high, round_to(mpf(2) / 3 - high, 53)])


def write(path, comment, guard, namespace, includes=()):
    """Writes what was emitted since the last call."""
    lines = [*comment, "// clang-format off", f"#ifndef {guard}", f"#define {guard}", ""]
    lines += [f"#include <{name}>\n" for name in includes] + [f"namespace {namespace} {{", ""]
    end = ["", f"}} // namespace {namespace}", "", f"#endif // {guard}", ""]
    with open(path, "w") as file:
        file.write("\n".join(lines + ["\n".join(OUT)] + end))
    OUT.clear()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    exponentials()
    logarithms()
    trigonometry()
    hyperbolic()
    inverse_trigonometry()
    error_functions()
    constants()
    write(os.path.join(here, "Coefficients.h"),
          ["// Coefficients of the polynomials and constants of range reduction, written by coefficients.py",
           "// beside this file: do not edit. Values for float are exactly representable in float."],
          "KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H", "keops::approx", ["cstdint"])
    gamma_functions()
    write(os.path.join(here, "../../IR/SpecialCoefficients.h"),
          ["// Coefficients of the polynomials of SpecialFunctions.cpp, written by coefficients.py of",
           "// lib/Conversion/ApproximateMath: do not edit."],
          "KEOPS_LIB_IR_SPECIALCOEFFICIENTS_H", "keops")


if __name__ == "__main__":
    main()
