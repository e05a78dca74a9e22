"""The part of KeOps 2.3 that knows no arrays: flags, and what concerns the process.

The flags can be set and change nothing: common subexpressions are always computed once, and programs are shown by
``Genred.ir`` and ``KEOPS_LOG=debug``."""

from . import config
from ._process import check_health, get_build_folder, set_build_folder, set_verbose

auto_factorize = False
debug_ops = False
debug_ops_at_exec = False

__version__ = "2.3"
__all__ = ["auto_factorize", "check_health", "config", "debug_ops", "debug_ops_at_exec", "get_build_folder"]
__all__ += ["set_build_folder", "set_verbose"]
