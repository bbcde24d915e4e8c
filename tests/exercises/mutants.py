"""Wrong answers by the dozen: small mistakes made by a program in right ones."""

import inspect
import textwrap

from mutation import mutants_of


def mutated(functions, at_most):
    """Up to `at_most` functions, each one of `functions` with one small mistake, spread evenly over all there are.

    What does not compile is left out, and so is what has a `while`, which a mistake could make endless.
    """
    sources = [(function, textwrap.dedent(inspect.getsource(function))) for function in functions]
    mutants = [(function, mutant) for function, text in sources if "while" not in text for mutant in mutants_of(text)]
    stride = max(1, len(mutants) // at_most)
    for function, mutant in mutants[::stride][:at_most]:
        namespace = dict(inspect.unwrap(function).__globals__)
        exec(compile(mutant.source, f"<{function.__name__}: {mutant.change}>", "exec"), namespace)
        made = namespace[function.__name__]
        made.change = f"{function.__name__}, {mutant.original}: {mutant.change}"
        yield made
