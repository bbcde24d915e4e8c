"""The tool that counts unnoticed mistakes: which ones it makes."""

import mutation

SOURCE = '''
def clipped(x, low=0):
    """Words, 1 + 1."""
    if x < low and not x:
        raise ValueError
    return -max(x, low)
'''


def test_the_mistakes_of_a_small_module():
    changes = [(mutant.line, mutant.change) for mutant in mutation.mutants_of(SOURCE)]
    assert sorted(changes) == [
        (2, "0 -> 1"),
        (4, "And -> Or"),
        (4, "Lt -> Gt"),
        (4, "Lt -> LtE"),
        (4, "Not lost"),
        (4, "its condition -> False"),
        (4, "its condition -> True"),
        (5, "raise ValueError left out"),
        (6, "USub lost"),
        (6, "max -> min"),
    ]


def test_each_mutant_has_one_mistake_and_names_its_line():
    for mutant in mutation.mutants_of(SOURCE):
        compile(mutant.source, "mutant", "exec")
        assert mutant.original == SOURCE.splitlines()[mutant.line - 1].strip()
    (swapped,) = [m for m in mutation.mutants_of(SOURCE) if m.change == "max -> min"]
    assert "return -min(x, low)" in swapped.source
    assert "if x < low and (not x):" in swapped.source


def test_a_guard_of_zip_is_spared():
    assert mutation.mutants_of("pairs = zip(a, b, strict=True)") == []
