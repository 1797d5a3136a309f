"""The dentist's diary as it was published, with its five faults, which its own tests did not find.

1. A crash loses the tracked `Release`: `restore` emits only requests that await their preauthorisation, so the hold on
   a card whose slot was lost is never released (law `stored`).
2. A second `Success` for a request conflicts with the request's own booking, marks it SLOT_TAKEN and releases the
   payment, although the booking stays (law `completion`).
3. The counter is incremented and the request stored before `actions.add`, which may fail (law `atomic`).
4. `restore` iterates over a set: equal states, different order (laws `restore`, `deterministic`).
5. The result `Pending` is accepted but changes nothing, so the request makes no progress until the next crash
   (law `completion`; `stuck`).

Compare it with `dentist.py`, which fixes them.
"""

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from itertools import permutations, product
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    Normal,
    Profile,
    Size,
    StateMachine,
    Text,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    invariant,
    sometimes,
)

Minute = Annotated[int, Between(0, 24 * 60)]
Hours = tuple[Minute, Minute]  # start and end


class Day(IntEnum):  # an int: its hash is fast, and days have an order
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4


class Treatment(Enum):
    CLEANING = (15, 50_00)
    CHECKUP = (30, 75_00)
    FILLING = (45, 150_00)
    ROOT_CANAL = (60, 200_00)

    def __init__(self, minutes: int, cents: int) -> None:
        self.minutes = minutes
        self.cents = cents


SCHEDULE: dict[Day, tuple[tuple[int, int], ...]] = {
    Day.MONDAY: ((9 * 60, 12 * 60), (14 * 60, 17 * 60)),
    Day.TUESDAY: ((9 * 60, 12 * 60), (13 * 60, 16 * 60)),
    Day.WEDNESDAY: ((9 * 60, 12 * 60), (14 * 60, 18 * 60)),
    Day.THURSDAY: ((10 * 60, 13 * 60), (14 * 60, 17 * 60)),
    Day.FRIDAY: ((9 * 60, 15 * 60),),
}


# --- state: its values are frozen, so that copies of the state share them -----------------------------------------


@dataclass(frozen=True, slots=True)
class Patient:
    user_id: int
    name: Annotated[str, Text(1, 40)]
    email: Annotated[str, Text(1, 80)]


class Status(Enum):
    AWAITING_PREAUTH = "awaiting preauth"
    SLOT_CONFIRMED = "slot confirmed"
    SLOT_TAKEN = "slot taken"
    NO_SLOT = "no slot"


@dataclass(frozen=True, slots=True)
class Request:
    id: int
    patient: Patient
    day: Day
    time: int
    treatment: Treatment
    status: Status = Status.AWAITING_PREAUTH


@dataclass(frozen=True, slots=True)
class Booking:
    patient: Patient
    treatment: Treatment
    cents_paid: int


@dataclass(slots=True)
class Diary:
    schedule: dict[Day, tuple[tuple[int, int], ...]]
    free: dict[Day, list[tuple[int, int]]]  # the schedule minus the bookings, sorted
    bookings: dict[Day, dict[int, Booking]]  # by start minute
    pending: set[Request] = field(default_factory=set)  # all requests, finished ones too; fault 4: unordered
    next_id: int = 1


# --- inputs: not frozen, because simulations create millions and a frozen dataclass takes twice as long ---------


@dataclass(slots=True)
class RequestSlot:
    """Request a specific slot."""

    patient: Patient
    day: Day
    time: Minute
    treatment: Treatment


@dataclass(slots=True)
class RequestAuto:
    """Request the first free slot on these days within these hours, both in order of preference."""

    patient: Patient
    days: Annotated[list[Day], Size(0, 5)]
    times: Annotated[list[Hours], Size(0, 5)]
    treatment: Treatment


# --- tracked actions and their results ---------------------------------------------------------------------------


@dataclass(slots=True)
class Preauth:
    """Asks for a hold on the patient's card."""

    user_id: int
    cents: int
    request: int


@dataclass(slots=True)
class CheckStatus:
    """Asks whether the preauthorisation succeeded."""

    request: int
    cents: int


@dataclass(slots=True)
class Release:
    """Asks to release the hold."""

    request: int


@dataclass(slots=True)
class Success:
    cents: int


@dataclass(slots=True)
class Failed:
    reason: str


@dataclass(slots=True)
class Released:
    pass


@dataclass(slots=True)
class Pending:
    """The result is not known yet."""


Result = Success | Failed | Released | Pending


# --- errors ------------------------------------------------------------------------------------------------------


class SlotNotAvailable(TransitionError):
    """The appointment is outside the opening hours or overlaps another."""


class NoSlotFound(TransitionError):
    """No requested day has a free slot within the requested hours."""


class InvalidRequest(TransitionError):
    """No request has this id."""


class DentistAsPublished(StateMachine):
    """Books appointments on preauthorised cards, with the five faults listed in the module docstring."""

    State = Diary
    Input = RequestSlot | RequestAuto
    ActionId = int
    TrackedAction = Preauth | CheckStatus | Release
    ActionResult = Result

    profile = Profile(complete_rate=0.4)

    def initial(self) -> Diary:
        return Diary(
            schedule=dict(SCHEDULE),
            free={day: list(hours) for day, hours in SCHEDULE.items()},
            bookings={day: {} for day in SCHEDULE},
        )

    async def stf(self, state: Diary, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(RequestSlot() as wish):
                if not _fits(state.free[wish.day], wish.time, wish.treatment.minutes):
                    raise SlotNotAvailable(wish.day.name, wish.time)
                _preauthorise(state, wish.patient, wish.day, wish.time, wish.treatment, actions)
            case Normal(RequestAuto() as wish):
                found = _first_slot(state, wish)
                if found is None:
                    raise NoSlotFound()
                _preauthorise(state, wish.patient, *found, wish.treatment, actions)
            case TrackedActionCompleted(id, result):
                request = next((request for request in state.pending if request.id == id), None)
                if request is None:
                    raise InvalidRequest(id)
                _handle_result(state, request, result, actions)

    async def restore(self, state: Diary, actions: Actions) -> None:
        for request in state.pending:  # fault 4: in the order of the set
            if request.status is Status.AWAITING_PREAUTH:  # fault 1: and SLOT_TAKEN, whose hold is not lifted yet?
                actions.add(Tracked(request.id, CheckStatus(request.id, request.treatment.cents)))

    @invariant
    def no_overlap(self, state: Diary) -> bool:
        for bookings in state.bookings.values():
            busy_until = 0
            for start in sorted(bookings):
                if start < busy_until:
                    return False
                busy_until = start + bookings[start].treatment.minutes
        return True

    @invariant
    def inside_schedule(self, state: Diary) -> bool:
        for day, bookings in state.bookings.items():
            hours = state.schedule[day]
            for start, booking in bookings.items():
                if not _fits(hours, start, booking.treatment.minutes):
                    return False
        return True

    @invariant
    def confirmed_is_booked(self, state: Diary) -> bool:
        for request in state.pending:
            if request.status is Status.SLOT_CONFIRMED and request.time not in state.bookings[request.day]:
                return False
        return True

    @sometimes
    def slot_booked(self, state: Diary) -> bool:
        return any(state.bookings.values())

    @sometimes
    def slot_lost_in_a_race(self, state: Diary) -> bool:
        return any(request.status is Status.SLOT_TAKEN for request in state.pending)

    @sometimes
    def day_fully_booked(self, state: Diary) -> bool:
        return not all(state.free.values())

    def propose(self, choose: Chooser, state: Diary) -> RequestSlot | RequestAuto:
        patient = choose.pick(PATIENTS)
        if choose.chance(35 / 60):
            return RequestSlot(patient, *choose.pick(SLOTS))
        days, treatment = choose.pick(choose.pick(WEEKDAYS)), choose.pick(TREATMENTS)
        times = []
        for _ in range(choose.randint(1, 2)):
            start = choose.pick(QUARTERS)
            end = start + choose.randint(60, 239)
            if end < 18 * 60:
                times.append((start, end))
        return RequestAuto(patient, list(days), times or [(9 * 60, 17 * 60)], treatment)

    def respond(self, choose: Chooser, id: int, action: Preauth | CheckStatus | Release) -> Result:
        match action:
            case Release():
                return Released()
            case CheckStatus() if choose.chance(0.1):
                return Pending()
            case Preauth(cents=cents) | CheckStatus(cents=cents):
                return Success(cents) if choose.chance(0.85) else Failed("card declined")


# `propose` draws from these: drawing a whole slot is cheaper than drawing each of its parts.
TREATMENTS = tuple(Treatment)
QUARTERS = tuple(range(9 * 60, 17 * 60, 15))
SLOTS = tuple(product(Day, QUARTERS, Treatment))
WEEKDAYS = tuple(tuple(permutations(Day, count)) for count in (1, 2, 3))
PATIENTS = tuple(Patient(id, f"Patient {id}", f"patient{id}@example.com") for id in range(1, 101))


def _fits(gaps: list[tuple[int, int]] | tuple[tuple[int, int], ...], start: int, minutes: int) -> bool:
    """Whether a gap has room for `minutes` from `start`."""
    for opens, closes in gaps:  # noqa: SIM110 - the most frequent check in a simulation, faster without any()
        if opens <= start and start + minutes <= closes:
            return True
    return False


def _first_slot(state: Diary, wish: RequestAuto) -> tuple[Day, int] | None:
    """The first start, searching days, then opening hours, then preferred hours, in steps of 15 minutes."""
    minutes = wish.treatment.minutes
    for day in wish.days:
        gaps = state.free[day]
        if not gaps:
            continue
        for opens, closes in state.schedule[day]:
            for earliest, latest in wish.times:
                first, last = max(opens, earliest), min(closes, latest) - minutes
                for gap_opens, gap_closes in gaps:
                    start = first if gap_opens <= first else gap_opens + (first - gap_opens) % 15
                    if start <= last and start + minutes <= gap_closes:
                        return day, start
    return None


def _preauthorise(state: Diary, patient: Patient, day: Day, time: int, treatment: Treatment, actions: Actions) -> None:
    id = state.next_id
    state.next_id += 1  # fault 3: the state is changed …
    state.pending.add(Request(id, patient, day, time, treatment))
    actions.add(Tracked(id, Preauth(patient.user_id, treatment.cents, id)))  # … although this may fail


def _handle_result(state: Diary, request: Request, result: Result, actions: Actions) -> None:
    match result:  # fault 2: ignores the current status of the request
        case Success(cents):
            if _fits(state.free[request.day], request.time, request.treatment.minutes):
                _book(state, request, cents)
                _move(state, request, Status.SLOT_CONFIRMED)
            else:
                _move(state, request, Status.SLOT_TAKEN)
                actions.add(Tracked(request.id, Release(request.id)))
        case Failed():
            _move(state, request, Status.NO_SLOT)
        case Released() | Pending():
            pass  # fault 5: who asks again?


def _move(state: Diary, request: Request, status: Status) -> None:
    state.pending.remove(request)
    state.pending.add(replace(request, status=status))


def _book(state: Diary, request: Request, cents: int) -> None:
    start, end = request.time, request.time + request.treatment.minutes
    gaps = state.free[request.day]
    at = next(at for at, (opens, closes) in enumerate(gaps) if opens <= start and end <= closes)
    opens, closes = gaps[at]
    gaps[at : at + 1] = [gap for gap in ((opens, start), (end, closes)) if gap[0] < gap[1]]
    state.bookings[request.day][start] = Booking(request.patient, request.treatment, cents)
