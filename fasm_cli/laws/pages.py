"""The laws as data: what each one says, why, how it is checked, a wrong and a right example, and how to mend it.

`fasm explain` and docs/laws.md print this book, findings take their `mend` line from it; what enforces the laws is in
`laws` and in the simulator. The examples are parts of one machine, `WALLET`.
"""

from dataclasses import dataclass
from enum import Enum

from fasm_cli.laws.example_machine import WALLET
from fasm_cli.laws.examples_right import RIGHT
from fasm_cli.laws.examples_wrong import WRONG

__all__ = ["BOOK", "LAWS", "WALLET", "Law", "Sort", "base_of", "mend_of"]


class Sort(Enum):
    LAW = "law"  # one of the eleven, which every machine keeps
    CHECK = "check"  # what else is found: promises the author made, and machines that stop or break


@dataclass(frozen=True, slots=True)
class Law:
    """One page of the book. `wrong` and `right` are methods of the machine `WALLET`, in place of its own."""

    id: str
    sort: Sort
    rule: str
    why: str
    checked: str
    mend: str

    @property
    def wrong(self) -> str:
        return WRONG[self.id].strip() + "\n"

    @property
    def right(self) -> str:
        return RIGHT[self.id].strip() + "\n"


LAWS = (
    Law(
        "atomic",
        Sort.LAW,
        "A rejected or failed transition leaves the state as it was.",
        "Half of a change is a payment that was counted and never sent. Who was refused tries again, and the half that "
        "stayed is then done twice.",
        "The state is compared before and after every transition that fails, with `actions.add` failing, the store "
        "failing and the process dying at every point. The runtime rolls the rest back, and reports it.",
        "validate first, add the actions next, change the state last, when nothing can fail any more",
    ),
    Law(
        "deterministic",
        Sort.LAW,
        "The same state and the same input lead to the same state, the same actions and the same outcome.",
        "A step that is repeated after a crash must come to what it came to before, or the outside has been told one "
        "thing and the state says another. A trace that goes another way each time cannot be replayed.",
        "A replica repeats steps in another process, under another PYTHONHASHSEED, from the stored bytes.",
        "walk sets and what is made from them with sorted(); use no hash(), no id(), and nothing but state and input",
    ),
    Law(
        "effects",
        Sort.LAW,
        "A transition does nothing to the world and waits for nothing but the state.",
        "What an STF does itself happens although the transition may be rolled back, and happens again when it is "
        "repeated: two mails, two charges, and none that a restore knows of.",
        "An audit hook and wrappers are armed while the STF runs, and it may suspend only on what it reaches through "
        "the state.",
        "describe the effect and let the runtime do it: actions.add(Untracked(…)), or Tracked(id, …) for its result",
    ),
    Law(
        "random",
        Sort.LAW,
        "There is no chance but a generator that is kept in the state.",
        "An id drawn anew when the step is repeated names another payment: the first one is charged and forgotten.",
        "The functions that give chance are wrapped before the machine is imported, and armed in STF and restore.",
        "count ids up in the state; where chance is meant, take it from the input or from a generator in the state",
    ),
    Law(
        "clock",
        Sort.LAW,
        "Time comes in with an input; nobody looks at the system clock.",
        "The clock of the second try is not that of the first, nor that of the replay: a booking made in time is late "
        "when it is repeated. What depends on the clock cannot be tested either.",
        "The functions that give the time are wrapped before the machine is imported, and armed in STF and restore.",
        "give the input a field for the time, filled by whoever sends it; let time pass by an input of its own",
    ),
    Law(
        "reads",
        Sort.LAW,
        "Nothing is read but the state and the input: no environment, no file, no global that changes.",
        "After a restart, or on the next server, the same step gives another answer, and nothing that was stored says "
        "why.",
        "As for effects; and a replica in a fresh process, with another environment and working directory, repeats it.",
        "put what is read into the state or the input, or make it a constant of the module",
    ),
    Law(
        "stored",
        Sort.LAW,
        "What was committed can restore every pending tracked action.",
        "An action that was sent out and is not in the state is lost with the process: money is held, and nobody is "
        "left who would release it.",
        "After every commit the ids that restore emits are compared with those that are pending, and again after a "
        "crash at every point.",
        "write what is pending into the state in the transition that emits it, and let restore go through all of it",
    ),
    Law(
        "restore",
        Sort.LAW,
        "Restore is pure: the same state gives the same actions in the same order, and is not changed.",
        "A process may die while it restores, and restore again, any number of times. What each round changes or "
        "leaves to chance adds up.",
        "It is run twice on every committed state and compared; the process dies at every action that it emits.",
        "emit what the state says is pending, in the order of its ids, and change nothing",
    ),
    Law(
        "ids",
        Sort.LAW,
        "The ids of tracked actions come from the state and are not used again while they are pending.",
        "Two actions under one id get one result: one customer's confirmation settles the order of another.",
        "A step that is repeated after a lost commit must give the same ids; none may be pending already for another "
        "action.",
        "take ids from a counter in the state that only grows",
    ),
    Law(
        "completion",
        Sort.LAW,
        "A result that is accepted moves things on; one that is not waited for is refused, or does nothing.",
        "Results come twice, late, and for what was given up. Counted twice, they pay twice; swallowed, they leave an "
        "order that waits for ever.",
        "Results are delivered twice, late, differently and under unknown ids. One that is waited for must change the "
        "state or emit the next tracked action, any other must do neither.",
        "look the id up first and refuse what is not pending; then forget it, or emit the action that follows",
    ),
    Law(
        "hidden",
        Sort.LAW,
        "There is no state outside the state, and nothing that can change is shared with inputs and actions.",
        "What stands in the machine, its module or its class is gone after a crash, and is not there on the next "
        "server. What the state shares with an action changes after it was sent.",
        "A failing run is repeated alone in a fresh process; instance, globals and class attributes are compared, and "
        "actions between add, commit and the next step. A pure cache is innocent.",
        "keep everything that changes in the state, and give actions values or copies",
    ),
    Law(
        "stuck",
        Sort.CHECK,
        "When faults are over and every result is in, nothing is left pending.",
        "An order that no result moves on waits until a person finds it.",
        "After each run faults are switched off, all results are delivered and the process is restarted a few times.",
        "let every result of a pending action end it or emit what follows; none may be refused each time it comes",
    ),
    Law(
        "defect",
        Sort.CHECK,
        "A transition ends in a commit or a TransitionError; any other exception is a defect.",
        "The input is lost and nobody was told what was wrong with it; it raises again at each try.",
        "Whatever an STF or restore raises that is not a TransitionError or RestoreError, whatever provoked it.",
        "check what may be missing and raise a TransitionError of your own",
    ),
    Law(
        "invariant",
        Sort.CHECK,
        "What is marked @invariant is true after every transition.",
        "It is the author's own rule about the money: never in debt, never two bookings of one slot.",
        "Each one is asked after every commit, and so is check_invariants.",
        "find the transition that breaks it in the trace; refuse the input there, counting what is pending too",
    ),
    Law(
        "eventually",
        Sort.CHECK,
        "What is marked @eventually is true once the world is quiet.",
        "Some promises are broken for a while and must be kept in the end: nothing reserved, nobody owed.",
        "Each one is asked when nothing is in flight and restore emits nothing.",
        "follow every result to its end in the trace; one of them leaves something behind",
    ),
    Law(
        "sometimes",
        Sort.CHECK,
        "What is marked @sometimes is true at least once in a simulation.",
        "A simulation that never gets to the interesting place proves nothing about it.",
        "Each one is asked after every commit; those that were never true are warnings, findings with --strict.",
        "give the simulation more steps or a propose that leads there, or mend what keeps it from getting there",
    ),
    Law(
        "transition",
        Sort.CHECK,
        "What is marked @transition_invariant is true of the state before and after every transition.",
        "Some rules are about change: a counter that only grows, a paid order that stays paid.",
        "Each one is asked after every commit with the state before and the state after it.",
        "look at the step that the trace ends with: it changes what must not change, or in the wrong direction",
    ),
)

BOOK: dict[str, Law] = {law.id: law for law in LAWS}


def base_of(id: str) -> str:
    """`invariant` of `invariant:never_in_debt`."""
    return id.partition(":")[0]


def mend_of(id: str) -> str:
    """How to mend what breaks a law, in one line; empty for what is not in the book."""
    law = BOOK.get(base_of(id))
    return "" if law is None else law.mend
