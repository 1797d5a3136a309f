"""Which branch a step is on: the first step taken from another goes on with its branch, each later one starts its own.

A branch goes by the number of its first step (0: the one that begins at the initial state), and is called `main`,
`main~2`, `main~3` in the order in which they were started, until somebody gives it a name.
"""

from array import array
from collections.abc import Iterable

MAIN = "main"


class Branches:
    """The branches of one history, from every step with the one it was taken from."""

    def __init__(self, parents: Iterable[tuple[int, int]] = ()) -> None:
        self._of = array("I", [0])  # branch by step
        self._next = array("I", [0])  # the first step that was taken from a step; 0 where none was
        self.tips: dict[int, int] = {0: 0}  # the last step by branch, in the order they were started
        for n, parent in parents:
            self.add(n, parent)

    def add(self, n: int, parent: int) -> bool:
        """Take in step `n`; true where it starts a branch."""
        more = [0] * (n + 1 - len(self._of))  # numbers may be left out
        self._of.extend(more)
        self._next.extend(more)
        forks = self._next[parent] != 0
        if not forks:
            self._next[parent] = n
        self._of[n] = branch = n if forks else self._of[parent]
        self.tips[branch] = n
        return forks

    def forget(self, n: int, parent: int) -> None:
        """Step `n`, the last one that was added, did not happen."""
        branch = self._of[n]
        if branch == n:
            del self.tips[branch]
        else:
            self.tips[branch] = parent
            self._next[parent] = 0

    def branch_of(self, n: int) -> int:
        """The branch that step `n` is on."""
        return self._of[n]

    def default_name(self, branch: int) -> str:
        """What a branch is called before it is named."""
        at = list(self.tips).index(branch)
        return f"{MAIN}~{at + 1}" if at else MAIN
