"""What a learner made of the probes, as it is shown."""

from dataclasses import dataclass
from html import escape

from ppo_lib.probes.series import PROBES, Probe
from ppo_lib.tables import Table


@dataclass(frozen=True)
class Finding:
    """What a learner made of one probe.

    Attributes:
        probe: which.
        found: in words, as probe.expected.
        passed: whether the two agree.
    """

    probe: Probe
    found: str
    passed: bool


@dataclass(frozen=True)
class ProbeReport:
    """What a learner made of all probes; in a notebook a table, and a sentence that says where to look.

    Attributes:
        findings: of the probes, in their order; of those before the last one only, where the learner broke off.
        error: why it broke off, in one line; empty where it did not.
    """

    findings: tuple[Finding, ...]
    error: str = ""

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the probes that fail, the one to look at first."""
        names = [finding.probe.name for finding in self.findings if not finding.passed]
        return (*names, PROBES[len(self.findings)].name) if self.error else tuple(names)

    @property
    def passed(self) -> bool:
        """Whether the learner passes all of them."""
        return not self.failed

    @property
    def sentence(self) -> str:
        """Where to look."""
        if self.error:
            return f"The learner could not be tried in probe {PROBES[len(self.findings)].name!r}: {self.error}"
        for finding in self.findings:
            if not finding.passed:
                return f"The first that fails is {finding.probe.name!r}. Look at {finding.probe.look_at}."
        return "All six pass: whatever this learner fails at now, the parts that they try work."

    @property
    def table(self) -> Table:
        """A row for each probe."""
        rows = [_row(f.probe, f.found, "✓ passes" if f.passed else "✗ fails") for f in self.findings]
        verdicts = ["✗ broke off"] + ["not tried"] * len(PROBES)
        left = zip(PROBES[len(rows) :], verdicts, strict=False)
        rows += [_row(probe, "", verdict) for probe, verdict in left]
        return Table(("probe", "what it tries", "expected", "found", "verdict"), rows)

    def __str__(self) -> str:
        return f"{self.table}\n\n{self.sentence}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{self.table._repr_html_()}<p>{escape(self.sentence)}</p>"


def _row(probe, found, verdict):
    return probe.name, probe.isolates, probe.expected, found, verdict
