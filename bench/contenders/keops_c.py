"""This compiler, through its public Python interface."""

import keops
import numpy as np
from keops.numpy import Genred
from workloads import NEAREST

NAME = "keops"
GAUSSIAN = "Exp(-SqDist(x,y)*g)*b"


def setup(threads):
    keops.set_num_threads(threads)


def clouds(d):
    return [f"x=Vi({d['dim']})", f"y=Vj({d['dim']})"]


def parameter(value, d):
    return np.array([value], dtype=d["x"].dtype)


def weighted(d, formula, factor, reduction="Sum", **options):
    """A formula of both clouds, the weights b and a number g."""
    aliases = [*clouds(d), f"b=Vj({d['columns']})", "g=Pm(1)"]
    run = Genred(formula, aliases, reduction_op=reduction, axis=1, **options)
    args = d["x"], d["y"], d["b"], parameter(factor, d)
    return lambda: run(*args)


def K1(d):
    return weighted(d, GAUSSIAN, 1 / d["s"] ** 2)


K7a = K7b = K11 = K1


def K2(d):
    kernels = "+".join(f"Exp(-SqDist(x,y)*Elem(g,{k}))" for k in range(4))
    run = Genred(f"({kernels})*b", [*clouds(d), "b=Vj(4)", "g=Pm(4)"], reduction_op="Sum", axis=1)
    args = d["x"], d["y"], d["b"], 1 / d["sigmas"] ** 2
    return lambda: run(*args)


def K3(d):
    run = Genred("Exp(-Norm2(x-y))*b", [*clouds(d), "b=Vj(1)"], reduction_op="Sum", axis=1)
    return lambda: run(d["x"], d["y"], d["b"])


def K4(d):
    return weighted(d, "b-SqDist(x,y)*g", 1 / d["eps"], "LogSumExp")


def K5a(d):
    run = Genred("SqDist(x,y)", clouds(d), reduction_op="ArgMin", axis=1)
    return lambda: run(d["x"], d["y"])


def K5b(d):
    run = Genred("SqDist(x,y)", clouds(d), reduction_op="ArgKMin", axis=1, opt_arg=NEAREST)
    return lambda: run(d["x"], d["y"])


K5c = K5b


def K6(d):
    aliases = [*clouds(d), "b=Vj(1)", "g=Pm(1)", "e=Vi(1)"]
    run = Genred(f"Grad({GAUSSIAN},x,e)", aliases, reduction_op="Sum", axis=1)
    args = d["x"], d["y"], d["b"], parameter(1 / d["s"] ** 2, d), d["e"]
    return lambda: run(*args)


def K8(d):
    return weighted(d, "(x|y)*g", d["scale"], "SumSoftMaxWeight", formula2="b")
