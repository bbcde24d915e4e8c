"""What several exercises of this chapter share: solutions, inputs and parts of mistakes."""

import numpy as np


def one_row_earlier(rows):
    """Row t holds what belongs to t - 1; the first row is empty."""
    return np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
