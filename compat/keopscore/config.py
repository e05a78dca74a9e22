"""What the machine offers to programs."""

# Programs set it to choose the processor, where everything is computed in any case.
use_cuda = False
