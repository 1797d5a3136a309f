"""A machine over tables whose constraint is looked at when they are committed, and not before."""

from dataclasses import dataclass, field

from fasm_cli import Database, Normal, Sqlite, StateMachine, Tables, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Book:
    db: Database
    next_id: int = 1
    unprinted: list[int] = field(default_factory=list)


@dataclass
class Note:
    about: int  # another note


@dataclass
class Print:
    note: int


@dataclass
class Printed: ...


class AboutNothing(TransitionError): ...


class NotPrinting(TransitionError): ...


class Notes(StateMachine):
    State = Book
    Input = Note
    ActionId = int
    TrackedAction = Print
    ActionResult = Printed
    store = Sqlite(
        schema="CREATE TABLE notes (id INTEGER PRIMARY KEY, about INTEGER NOT NULL"
        " REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED);"
    )

    def initial(self):
        return Book(Tables())

    async def stf(self, state, input, actions):
        match input:
            case Normal(Note(about)):
                await state.db.execute("INSERT INTO notes VALUES (?, ?)", state.next_id, about)
                if not about:
                    raise AboutNothing
                actions.add(Tracked(state.next_id, Print(state.next_id)))
                state.unprinted.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id):
                if id not in state.unprinted:
                    raise NotPrinting(id)
                state.unprinted.remove(id)

    async def restore(self, state, actions):
        for id in state.unprinted:
            actions.add(Tracked(id, Print(id)))


async def print_it(id, action):
    return Printed()


Notes.handlers = {Print: print_it}
