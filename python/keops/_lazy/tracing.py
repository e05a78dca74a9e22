"""Whether Python code is being followed instead of run, as ``torch.compile`` does.

Tables that outlive a call are left alone then: what is compiled from a look-up in them would be wrong, or compiled
anew, whenever they change. ``keops.torch`` sets ``is_tracing``; nobody else traces, and ``bool()`` is False."""

is_tracing = bool
