"""LazyTensor without arrays: expressions, sizes, operations, reductions. Knows neither NumPy nor PyTorch.

``nodes`` holds expressions and ``dimensions`` their rules, ``domain`` what an expression inherits from its arrays,
``tensor`` the LazyTensor itself, ``construct`` what it is made of. Its methods, beside those that are generated from
the records: ``arithmetic``, ``reducing``, ``entries``, ``solving``, ``reporting`` (with ``latex``) and ``plumbing``;
``complex`` is the sort for complex numbers. ``programs`` is the way from a reduction to ``_keops``, ``fusing`` that of
several, ``merging`` that of one over several ``axes``. ``keops.numpy`` adds an adapter for its arrays.
"""
