"""How each law is kept, where `lawbook_wrong` breaks it: a test finds nothing in the machines built around these."""

RIGHT = {
    "atomic": """
def pay(self, state, pay, actions):
    actions.add(Tracked(state.next_id, Charge(pay.amount)))
    state.waiting[state.next_id] = pay.amount  # nothing can fail from here on
    state.next_id += 1
""",
    "deterministic": """
def pay(self, state, pay, actions):
    for name in sorted(state.watchers):
        actions.add(Untracked(Notify(name)))
    state.paid_at = pay.at
""",
    "effects": """
def pay(self, state, pay, actions):
    actions.add(Untracked(Notify(f"paying {pay.amount}")))
    state.paid_at = pay.at
""",
    "random": """
def pay(self, state, pay, actions):
    id = state.next_id
    actions.add(Tracked(id, Charge(pay.amount)))
    state.waiting[id] = pay.amount
    state.next_id = id + 1
""",
    "clock": """
def pay(self, state, pay, actions):
    actions.add(Untracked(Notify("paid")))
    state.paid_at = pay.at  # whoever made the input looked at the clock
""",
    "reads": """
def pay(self, state, pay, actions):
    if pay.amount > LIMIT:  # a constant, or a field of the state
        raise TooMuch(needed=pay.amount)
    state.paid_at = pay.at
""",
    "stored": """
def pay(self, state, pay, actions):
    actions.add(Tracked(state.next_id, Charge(pay.amount)))
    state.waiting[state.next_id] = pay.amount  # what restore goes through
    state.next_id += 1
""",
    "restore": """
async def restore(self, state, actions):
    for id in sorted(state.waiting):
        actions.add(Tracked(id, Charge(state.waiting[id])))
""",
    "ids": """
def pay(self, state, pay, actions):
    id = state.next_id
    actions.add(Tracked(id, Charge(pay.amount)))
    state.waiting[id] = pay.amount
    state.next_id = id + 1
""",
    "completion": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    match result:
        case Charged():
            del state.waiting[id]
        case Declined():
            actions.add(Untracked(Notify("declined")))
            del state.waiting[id]
""",
    "hidden": """
def pay(self, state, pay, actions):
    actions.add(Tracked(state.next_id, Charge(pay.amount)))
    state.waiting[state.next_id] = pay.amount
    state.next_id += 1
""",
    "stuck": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    if result == Declined():
        actions.add(Untracked(Notify("declined")))
    del state.waiting[id]
""",
    "defect": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    state.reserved -= state.waiting.pop(id)
""",
    "invariant": """
def pay(self, state, pay, actions):
    if state.balance < pay.amount:
        raise TooMuch(needed=pay.amount)
    actions.add(Untracked(Notify("paid")))
    state.balance -= pay.amount

@invariant
def never_in_debt(self, state):
    return state.balance >= 0
""",
    "eventually": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    amount = state.waiting.pop(id)
    state.reserved -= amount
    if result == Charged():
        state.balance -= amount

@eventually
def nothing_reserved(self, state):
    return state.reserved == 0
""",
    "sometimes": """
def pay(self, state, pay, actions):
    if state.balance < pay.amount:
        raise TooMuch(needed=pay.amount)
    state.balance -= pay.amount

@sometimes
def empty(self, state):
    return state.balance == 0
""",
    "transition": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    del state.waiting[id]

@transition_invariant
def ids_only_grow(self, before, after):
    return after.next_id >= before.next_id
""",
}
