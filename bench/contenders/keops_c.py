"""This compiler, through its public Python interface."""

import keops
import numpy as np
from keops.numpy import Genred

NAME = "keops"
GAUSSIAN = "Exp(-SqDist(x,y)*g)*b"
CLOUDS = ["x=Vi(3)", "y=Vj(3)"]


def setup(threads):
    keops.set_num_threads(threads)


def parameter(value, d):
    return np.array([value], dtype=d["x"].dtype)


def K1(d):
    run = Genred(GAUSSIAN, [*CLOUDS, "b=Vj(1)", "g=Pm(1)"], reduction_op="Sum", axis=1)
    args = d["x"], d["y"], d["b"], parameter(1 / d["s"] ** 2, d)
    return lambda: run(*args)


K11 = K1


def K4(d):
    run = Genred("b-SqDist(x,y)*g", [*CLOUDS, "b=Vj(1)", "g=Pm(1)"], reduction_op="LogSumExp", axis=1)
    args = d["x"], d["y"], d["b"], parameter(1 / d["eps"], d)
    return lambda: run(*args)


def K5a(d):
    run = Genred("SqDist(x,y)", CLOUDS, reduction_op="ArgMin", axis=1)
    return lambda: run(d["x"], d["y"])


def K6(d):
    aliases = [*CLOUDS, "b=Vj(1)", "g=Pm(1)", "e=Vi(1)"]
    run = Genred(f"Grad({GAUSSIAN},x,e)", aliases, reduction_op="Sum", axis=1)
    args = d["x"], d["y"], d["b"], parameter(1 / d["s"] ** 2, d), d["e"]
    return lambda: run(*args)
