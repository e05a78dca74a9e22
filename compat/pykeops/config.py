"""What the machine offers to programs, which ask this before they ask for backend="GPU"."""

from .common.gpu_utils import get_gpu_number


def __getattr__(name):
    # Only who asks pays for finding the driver.
    if name == "gpu_available":
        return get_gpu_number() > 0
    raise AttributeError(f"module 'pykeops.config' has no attribute {name!r}")
