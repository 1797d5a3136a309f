"""Which branch a step is on: the first step taken from another goes on with its branch, each later one starts its own.

A branch goes by the number of its first step (0: the one that begins at the initial state), and is called `main`,
`main~2`, `main~3` in the order in which they were started, until somebody gives it a name.
"""

from collections.abc import Iterable

MAIN = "main"


class Branches:
    """The branches of one history."""

    def __init__(self, parents: Iterable[tuple[int, int]] = ()) -> None:
        """From the steps there are, in order: the number of each and that of the step it was taken from."""
        self._of: dict[int, int] = {0: 0}  # branch by step
        self._next: dict[int, int] = {}  # the first step that was taken from a step
        self.tips: dict[int, int] = {0: 0}  # the last step by branch, in the order they were started
        for n, parent in parents:
            self.add(n, parent)

    def add(self, n: int, parent: int) -> bool:
        """Take in step `n`, which was taken from `parent`; true where it starts a branch."""
        forks = parent in self._next
        branch = n if forks else self._of[parent]
        self._of[n] = branch
        self._next.setdefault(parent, n)
        self.tips[branch] = n
        return forks

    def forget(self, n: int, parent: int) -> None:
        """Step `n`, the last one that was added, did not happen."""
        branch = self._of.pop(n)
        if branch == n:
            del self.tips[branch]
        else:
            self.tips[branch] = parent
            del self._next[parent]

    def of(self, n: int) -> int:
        """The branch that step `n` is on."""
        return self._of[n]

    def next(self, n: int) -> int | None:
        """The step after `n` on its own branch; None at its end."""
        after = self._next.get(n)
        return after if after is not None and self._of[after] == self._of[n] else None

    def given_name(self, branch: int) -> str:
        """What a branch is called before it is named."""
        at = list(self.tips).index(branch)
        return f"{MAIN}~{at + 1}" if at else MAIN
