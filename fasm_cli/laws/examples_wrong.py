"""How each law is broken: methods in place of those of `WALLET`.

They are not made up: a test builds the machine around each, and the check of that law finds it.
"""

WRONG = {
    "atomic": """
def pay(self, state, pay, actions):
    state.waiting[state.next_id] = pay.amount
    state.next_id += 1
    actions.add(Tracked(state.next_id - 1, Charge(pay.amount)))  # fails: the payment waits for ever
""",
    "deterministic": """
def pay(self, state, pay, actions):
    for name in state.watchers:  # a set of strings has another order in every process
        actions.add(Untracked(Notify(name)))
    state.paid_at = pay.at
""",
    "effects": """
def pay(self, state, pay, actions):
    print(f"paying {pay.amount}")  # and once more whenever the step is tried again
    state.paid_at = pay.at
""",
    "random": """
def pay(self, state, pay, actions):
    id = uuid.uuid4().int  # tried again after a crash it is another payment
    actions.add(Tracked(id, Charge(pay.amount)))
    state.waiting[id] = pay.amount
""",
    "clock": """
def pay(self, state, pay, actions):
    actions.add(Untracked(Notify("paid")))
    state.paid_at = int(time.time())
""",
    "reads": """
def pay(self, state, pay, actions):
    if pay.amount > int(os.environ["LIMIT"]):  # another machine, another answer
        raise TooMuch(needed=pay.amount)
    state.paid_at = pay.at
""",
    "stored": """
def pay(self, state, pay, actions):
    actions.add(Tracked(state.next_id, Charge(pay.amount)))
    state.next_id += 1  # after a crash nobody knows that there was a charge
""",
    "restore": """
async def restore(self, state, actions):
    for id in sorted(state.waiting):
        state.next_id += 1
        actions.add(Tracked(id, Charge(state.waiting[id])))
""",
    "ids": """
def pay(self, state, pay, actions):
    id = len(state.waiting)  # 0, 1; then 0 is done, and 1 is given out again
    actions.add(Tracked(id, Charge(pay.amount)))
    state.waiting[id] = pay.amount
""",
    "completion": """
def answered(self, state, id, result, actions):
    match result:
        case Charged():
            pass  # still waiting, and nobody will ask again
        case Declined():
            state.waiting.pop(id, None)
""",
    "hidden": """
def pay(self, state, pay, actions):
    self.last_id += 1  # not stored: after a restart it begins again
    actions.add(Tracked(self.last_id, Charge(pay.amount)))
    state.waiting[self.last_id] = pay.amount
""",
    "stuck": """
def answered(self, state, id, result, actions):
    if id not in state.waiting:
        raise Unknown(id)
    if result == Declined():
        raise Unexpected(result)  # every time it is delivered
    del state.waiting[id]
""",
    "defect": """
def answered(self, state, id, result, actions):
    amount = state.waiting.pop(id)  # KeyError, when a result comes twice
    state.reserved -= amount
""",
    "invariant": """
def pay(self, state, pay, actions):
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
    if result == Charged():
        state.balance -= amount
        state.reserved -= amount  # and when it was declined?

@eventually
def nothing_reserved(self, state):
    return state.reserved == 0
""",
    "sometimes": """
def pay(self, state, pay, actions):
    if state.balance <= pay.amount:  # the last cent can never be spent
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
    if not state.waiting:
        state.next_id = 1  # a late result for the old 1 will be taken for the new one

@transition_invariant
def ids_only_grow(self, before, after):
    return after.next_id >= before.next_id
""",
}
