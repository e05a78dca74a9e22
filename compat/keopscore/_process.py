"""Messages, cache folder and health of the process, in terms of ``keops``; shown by ``keopscore`` and ``pykeops``."""

import ctypes
import os

import keops

_LEVELS = ("quiet", "error", "warning", "info", "debug")


def _library():
    """The C interface: the extension is linked with its library, so that a look-up in the one finds the other."""
    return ctypes.CDLL(keops._keops.__file__)


def set_verbose(val):
    """True shows each compilation on standard error (``KEOPS_LOG=info``); False, the default of ``keops``, does not.

    TypeError for what is no bool."""
    if not isinstance(val, (bool, int)):
        raise TypeError(f"set_verbose: val: expected a bool, got {type(val).__name__}")
    asked = os.environ.get("KEOPS_LOG")
    shown = "debug" if asked == "debug" else "info"
    silent = asked if asked in ("quiet", "error") else "warning"
    _library().keopsSetLogLevel(_LEVELS.index(shown if val else silent))


def clean_pykeops(recompile_jit_binaries=True):
    """Forgets compiled programs, in memory and on disk. Nothing of keops is compiled at installation, so that there is
    nothing to do for ``recompile_jit_binaries``."""
    keops.cache_clear()


def get_build_folder():
    """The folder of compiled programs, "" where none are kept."""
    return keops.cache_info()["folder"]


def set_build_folder(path=None):
    """Keeps compiled programs in ``path`` from now on, in this process and in those that it starts; None restores the
    default.

    Nothing is written down: programs that always want this folder set the environment variable KEOPS_CACHE_DIR.
    TypeError for what is no path."""
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"set_build_folder: path: expected a path or None, got {type(path).__name__}")
    if path is None:
        os.environ.pop("KEOPS_CACHE_DIR", None)
    else:
        os.environ["KEOPS_CACHE_DIR"] = os.path.abspath(os.path.expanduser(path))
    _library().keopsCacheSetFolder(None)


def check_health():
    """Prints versions, processor, cache and the outcome of a small computation: the text of ``python -m keops``."""
    from keops.__main__ import main

    main(["health"])
