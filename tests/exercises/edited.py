"""Wrong answers written as students make them: a right one with a line or two otherwise."""

import inspect
import textwrap


def edited(function, *changes):
    """The function with each (old, new) of its source text replaced; `old` stands in it once."""
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in changes:
        assert source.count(old) == 1, (function.__name__, source.count(old), old)
        source = source.replace(old, new)
    namespace = dict(inspect.unwrap(function).__globals__)
    exec(compile(source, f"<{function.__name__}, edited>", "exec"), namespace)
    return namespace[function.__name__]
