"""Makes `pytest --nbval` strict where it is lax and lax where machines differ. It reaches into nbval 0.11.0."""

import math
import re

import nbval.kernel
import nbval.plugin
import pytest

DECIMAL = re.compile(r"(-?\d+\.\d+(?:e[+-]?\d+)?)")
TOLERANCE = 1e-4  # relative: what another processor's rounding may change in a printed decimal


class Output(str):
    """Text that equals another if only decimals differ, by no more than TOLERANCE; integers count exactly."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        mine, theirs = DECIMAL.split(str(self)), DECIMAL.split(str(other))  # text, decimal, text, decimal, ..., text
        pairs = zip(mine[1::2], theirs[1::2], strict=False)
        return mine[::2] == theirs[::2] and all(math.isclose(float(a), float(b), rel_tol=TOLERANCE) for a, b in pairs)

    def __ne__(self, other):
        return not self == other


def _sanitize(cell, text, original=nbval.plugin.IPyNbCell.sanitize):
    return Output(original(cell, text)) if isinstance(text, str) else text


def _execute(kernel, source, allow_stdin=None):
    """As nbval does it, but with history, so that a trailing `;` hides a value as it does in Jupyter."""
    return kernel.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _collect(notebook, original=nbval.plugin.IPyNbFile.collect):
    notebook.skip_compare += ("image/gif",)
    for cell in original(notebook):
        if cell.cell.source.strip() and cell.cell.execution_count is None:
            raise pytest.UsageError(
                f"{notebook.name}: cell {cell.cell_num} was never run, so nothing would be compared"
            )
        yield cell


nbval.plugin.IPyNbCell.sanitize = _sanitize
nbval.plugin.IPyNbFile.collect = _collect
nbval.kernel.RunningKernel.execute_cell_input = _execute
