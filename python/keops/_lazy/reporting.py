"""What a LazyTensor tells about itself: its program at each stage, the schedule, the work that it is, notebooks."""

from __future__ import annotations

from math import prod

from .._options import read_text
from .nodes import list_nodes

# Of one number.
BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16}
_MOST_LATEX = 2000


class Reporting:
    """``ir`` and ``explain`` are those of reductions made with ``call=False``, the others those of every formula."""

    __slots__ = ()

    def ir(self, stage="keops", dtype=None) -> str:
        """The program after a stage of the compiler: keops, expanded, scheduled, loops, llvm or asm.

        ``dtype`` is that of the arrays, or float32 where there are none. ValueError for what is no reduction made with
        ``call=False``, and for unknown stages."""
        if self._node.form != "reduced":
            raise ValueError("LazyTensor: ir: expected a reduction made with call=False; only reductions are compiled")
        dtype = self._domain._dtype or "float32" if dtype is None else read_text("LazyTensor: ir", "dtype", dtype)
        return self._reduced.program.native.dump(read_text("LazyTensor: ir", "stage", stage), dtype)

    def explain(self, dtype=None) -> str:
        """The schedule that the compiler chose for each loop of the program, and why, in words; as for ``ir``."""
        from .._explain import explain

        return explain(self.ir("scheduled", dtype))

    def describe(self) -> str:
        """``str(self)``, and the element type, the number of pairs and the work, which is estimated."""
        return "\n".join([str(self), *(f"    {name}: {text}" for name, text in self._list_figures())])

    def _list_figures(self):
        yield "dtype", str(self.dtype)
        per_pair = sum(map(_count_operations, list_nodes(self._formula_node)))
        if None in (self._domain.ni, self._domain.nj) or self._domain._dtype is None:
            yield "operations", f"about {per_pair} for each pair"
            return
        pairs = prod(self._shape[:-1])
        yield "pairs", f"{pairs:,}"
        yield "operations", f"about {per_pair} for each pair, {per_pair * pairs:,} in all"
        yield "size of a dense array", f"{prod(self._shape) * BYTES[self.dtype]:,} bytes"

    def _repr_latex_(self):
        """The formula for a notebook, None where it is too long to be read."""
        from .latex import write_latex

        if self._node.form == "reduced":
            text = write_latex(self._formula_node, self._reduced.program.operation, self._reduced.axis)
        else:
            text = write_latex(self._node)
        return text if len(text) <= _MOST_LATEX else None

    def _repr_html_(self):
        """A table for a notebook."""
        from html import escape

        lines = [line.strip().partition(": ") for line in str(self).splitlines()[1:]]
        rows = [(name, text) for name, _, text in lines] + list(self._list_figures())
        cells = (f"<tr><th>{escape(name)}</th><td><code>{escape(text)}</code></td></tr>" for name, text in rows)
        return f"<table><caption>{type(self).__name__}</caption>{''.join(cells)}</table>"


def _count_operations(node):
    """One for each component of the widest operand or of the result; leaves cost nothing."""
    return max([node.dim, *(child.dim for child in node.children)]) if node.children else 0
