"""Messages, cache folder and health of the process, in terms of ``keops``; shown by ``keopscore`` and ``pykeops``."""

import ctypes
import os
import warnings

import keops

_LEVELS = ("quiet", "error", "warning", "info", "debug")


def set_verbose(val):
    """True shows each compilation on standard error (``KEOPS_LOG=info``); False, the default of ``keops``, does not.

    TypeError for what is no bool."""
    if not isinstance(val, (bool, int)):
        raise TypeError(f"set_verbose: val: expected a bool, got {type(val).__name__}")
    asked = os.environ.get("KEOPS_LOG")
    shown = "debug" if asked == "debug" else "info"
    silent = asked if asked in ("quiet", "error") else "warning"
    # The extension is linked with the library of the C interface, so that a look-up in the one finds the other.
    ctypes.CDLL(keops._keops.__file__).keopsSetLogLevel(_LEVELS.index(shown if val else silent))


def clean_pykeops(recompile_jit_binaries=True):
    """Forgets compiled programs, in memory and on disk. Nothing of keops is compiled at installation, so that there is
    nothing to do for ``recompile_jit_binaries``."""
    keops.cache_clear()


def get_build_folder():
    """The folder of compiled programs, "" where none are kept."""
    return keops.cache_info()["folder"]


def set_build_folder(path=None):
    """Keeps compiled programs in ``path``; None restores the default.

    It holds for processes that are started from now on, and for this one where keops has neither computed nor been
    asked for its settings; RuntimeWarning where it is too late. Nothing is written down: programs that always want this
    folder set the environment variable KEOPS_CACHE_DIR. TypeError for what is no path."""
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"set_build_folder: path: expected a path or None, got {type(path).__name__}")
    if _restore_folder() if path is None else _choose_folder(path):
        return
    warnings.warn(
        f"set_build_folder: this process goes on with the folder {get_build_folder()!r}, which was chosen at the first "
        "use of keops or is the only usable one; processes that it starts get the new one. Set KEOPS_CACHE_DIR before "
        "Python starts",
        RuntimeWarning,
        stacklevel=2,
    )


def _choose_folder(path):
    os.environ["KEOPS_CACHE_DIR"] = os.path.abspath(os.path.expanduser(path))
    return get_build_folder() == os.environ["KEOPS_CACHE_DIR"]


def _restore_folder():
    chosen = os.environ.pop("KEOPS_CACHE_DIR", None)
    return chosen is None or get_build_folder() != chosen


def check_health():
    """Prints versions, processor, cache and the outcome of a small computation: the text of ``python -m keops``."""
    from keops.__main__ import main

    main(["health"])
