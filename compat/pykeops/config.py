"""What the machine offers to programs."""

# keops computes on the processor; programs ask this before they ask for backend="GPU".
gpu_available = False
