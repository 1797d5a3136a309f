"""What to simulate: a plan and a machine decide every draw."""

from dataclasses import dataclass, field

from fasm_cli.contract.state_machine import Profile
from fasm_cli.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`runs` independent runs of `steps` steps, from one `seed`.

    `profile` gives the probabilities. Each run draws which of its faults it has and how many of them (swarm testing:
    a bug that hides behind one fault shows where that fault is off); those in `always` are in every run as they are.
    """

    seed: int
    runs: int = 1000
    steps: int = 100
    profile: Profile = field(default_factory=Profile)
    always: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("runs", "steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} {getattr(self, name)}: at least 1")
