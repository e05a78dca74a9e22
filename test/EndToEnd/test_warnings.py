"""What the compiler only warns about reaches the log, and the program still runs."""

import numpy as np
from keops.numpy import Genred


def test_an_old_spelling_is_accepted_with_a_warning(capfd):
    product = Genred("x*y*3", ["x=Vx(1)", "y=Vj(1)"], reduction_op="Sum", axis=1)
    assert np.array_equal(product(np.ones((2, 1)), np.ones((3, 1))), np.full((2, 1), 9.0))
    assert "keops: warning: Vx is the old spelling of Vi" in capfd.readouterr().err
