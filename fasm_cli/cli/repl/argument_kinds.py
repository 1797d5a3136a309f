"""What the words after a verb stand for: what completion, help and colours know of a line before it is performed."""

from enum import Enum, auto


class Kind(Enum):
    """One argument of a verb. `TEXT` is free; whatever is not listed takes no argument."""

    INPUT = auto()  # Name(field=value)
    ACTION = auto()  # a handle (1.1) or the id of a pending action
    COMPLETED = auto()  # a handle of an action that has its result
    ACTION_RESULT = auto()  # a value of ActionResult
    PATH = auto()  # a place in the state: pending[7].status
    EXPRESSION = auto()  # over state, prev, pending and up
    STEP = auto()  # a number, -1, start or end
    LABEL = auto()  # a name given to a step
    BRANCH = auto()
    FILE = auto()
    FORMAT = auto()  # of an export
    POINT = auto()  # where a process dies
    FAILURE = auto()  # what can fail under a transition
    VERB = auto()
    SETTING = auto()
    INVARIANT = auto()
    OUTCOME = auto()  # what a step is expected to have come to
    NUMBER = auto()
    TEXT = auto()
