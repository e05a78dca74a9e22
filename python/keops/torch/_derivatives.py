"""Derivatives of a program, as programs: which formulas they are, and how their results make gradients.

Every derivative of a call is one program, so that what several gradients share is computed once."""


def pull_back(program, tensors, wanted, adjoints, reduce):
    """Gradients by the tensors for which ``wanted`` is true, None for the others, from the adjoints of the results.

    ``reduce(program, tensors)`` computes; being differentiable itself, it gives derivatives of any order."""
    layout = program.layout(tensors)
    given = tuple(k for k in layout.real_outputs if adjoints[k] is not None)
    places = tuple(k for k, is_wanted in enumerate(wanted) if is_wanted)
    if not given or not places:
        return [None] * len(tensors)
    rows = [layout.flatten(k, adjoints[k]) for k in given]
    results = iter(reduce(program.adjoint(layout, places, given), [*tensors, *rows]))
    gradients = [None] * len(tensors)
    for place in places:
        # Rows of a parameter's gradient are those of the result it comes from, so that they are summed first.
        gradients[place] = _add([layout.fit(place, next(results), tensors[place]) for _ in given])
    return gradients


def push_forward(program, tensors, tangents, reduce):
    """Derivatives of the results along the tangents, of which some are None; None for results that are indices."""
    layout = program.layout(tensors)
    places = tuple(k for k, tangent in enumerate(tangents) if tangent is not None)
    derivatives = [None] * len(layout.outputs)
    if not places or not layout.real_outputs:
        return derivatives
    moved = [tangents[k] for k in places]
    results = iter(reduce(program.tangent(layout, places, layout.real_outputs), [*tensors, *moved]))
    shapes = layout.output_shapes(tensors)
    for k in layout.real_outputs:
        # Leading ones of a parameter are axes of its derivative, where this is no parameter.
        derivatives[k] = _add([next(results) for _ in places]).reshape(shapes[k])
    return derivatives


def _add(terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
