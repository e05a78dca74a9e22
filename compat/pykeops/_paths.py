"""Modules inside ``pykeops.numpy`` and ``pykeops.torch`` from which programs import as well."""

import sys

_INNER = ("generic", "generic.generic_red", "generic.generic_ops", "operations", "lazytensor", "lazytensor.LazyTensor")


def add_paths(package):
    """Makes each of them another name of the package, which has all that they had, and finds it where they stood."""
    module = sys.modules[package]
    for path in _INNER:
        sys.modules[f"{package}.{path}"] = module
        # The module LazyTensor is reached by imports alone: the name is that of the class.
        vars(module).setdefault(path.rpartition(".")[2], module)
