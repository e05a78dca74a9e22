"""Where the choices of ``grammar`` come from: a seed, or hypothesis, which makes a failing program small. All choices
are integers of a range, and the first of a list of options is the simplest."""

import random

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import ExampleDatabase, choices_to_bytes


class Choices:
    """Choices made of ``draw(low, high)``, both included; remembers what was drawn."""

    def __init__(self, draw):
        self.draw, self.taken = draw, []

    def integer(self, low, high):
        self.taken.append(self.draw(low, high))
        return self.taken[-1]

    def one_of(self, options):
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent):
        return self.integer(0, 99) >= 100 - percent

    def part(self, make):
        """``make()``, of which a part of the same kind may be the simpler form."""
        return make()

    def shuffled(self, items):
        rest = list(items)
        return [rest.pop(self.integer(0, len(rest) - 1)) for _ in items]


def from_seed(seed):
    return Choices(random.Random(seed).randint)


class _Shrinking(Choices):
    """Choices of hypothesis, which is told about the parts of formulas."""

    def __init__(self, draw):
        super().__init__(lambda low, high: draw(st.integers(low, high)))
        self.part = lambda make: draw(st.builds(make))


class _Recorded(ExampleDatabase):
    """Where hypothesis looks for what failed before: one list of choices, and nothing is kept. What it finds under its
    secondary key is shrunk; under the other one, it would be taken for small already."""

    def __init__(self, choices):
        super().__init__()
        self.choices = choices_to_bytes(choices)

    def fetch(self, key):
        if key.endswith(b"secondary"):
            yield self.choices

    def save(self, key, value):
        pass

    def delete(self, key, value):
        pass


def shrink(make, check, recorded):
    """Runs ``check(make(choices))`` with recorded choices and then ever simpler ones, as long as it fails; raises what
    the simplest one raised."""

    @st.composite
    def programs(draw):
        return make(_Shrinking(draw))

    @settings(
        database=_Recorded(recorded),
        phases=(Phase.reuse, Phase.shrink),
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def run(program):
        check(program)

    run()
