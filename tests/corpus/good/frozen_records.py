"""Tickets as frozen records: each change replaces one, so the action may contain the same object."""

from dataclasses import dataclass, field, replace

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass(frozen=True)
class Ticket:
    number: int
    asked: int = 0
    open: bool = True


@dataclass(frozen=True)
class Raise: ...


@dataclass(frozen=True)
class Solve:
    ticket: Ticket


@dataclass(frozen=True)
class Solved: ...


@dataclass(frozen=True)
class Unclear: ...


@dataclass
class Desk:
    tickets: dict[int, Ticket] = field(default_factory=dict)


class NotOpen(TransitionError): ...


class HelpDesk(StateMachine):
    State = Desk
    Input = Raise
    ActionId = int
    TrackedAction = Solve
    ActionResult = Solved | Unclear

    def initial(self):
        return Desk()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Raise()):
                ticket = Ticket(len(state.tickets) + 1)
                actions.add(Tracked(ticket.number, Solve(ticket)))
                state.tickets[ticket.number] = ticket
            case TrackedActionCompleted(id, result):
                ticket = state.tickets.get(id)
                if ticket is None or not ticket.open:
                    raise NotOpen(id)
                if result == Solved():
                    ticket = replace(ticket, open=False)
                else:
                    ticket = replace(ticket, asked=ticket.asked + 1)
                    actions.add(Tracked(id, Solve(ticket)))
                state.tickets[id] = ticket

    async def restore(self, state, actions):
        for id, ticket in state.tickets.items():
            if ticket.open:
                actions.add(Tracked(id, Solve(ticket)))

    def respond(self, choose, id, action):
        return Unclear() if choose.chance(0.3) else Solved()
