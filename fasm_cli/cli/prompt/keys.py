"""What the keys do that prompt_toolkit does not do by itself."""

from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import Completion
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from fasm_cli.cli.prompt.line_analysis_cache import Live
from fasm_cli.cli.prompt.toolkit import completions

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.session import Prompt

PAGE = 10  # steps that PageUp and PageDown move in the timeline


def bindings(prompt: "Prompt") -> KeyBindings:
    """The keys of the prompt; while a step is being picked, all of them are the timeline's."""
    keys = KeyBindings()

    @keys.add("tab")
    def _(event: KeyPressEvent) -> None:
        complete(event.current_buffer, prompt.live, prompt.shown.more)

    @keys.add("enter", filter=completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None  # what was chosen is taken, and not run yet

    @keys.add("escape", filter=has_completions)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.cancel_completion()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("escape", "left")
    def _(event: KeyPressEvent) -> None:
        prompt.order("back")

    @keys.add("escape", "right")
    def _(event: KeyPressEvent) -> None:
        prompt.order("forward")

    @keys.add("f1")
    def _(event: KeyPressEvent) -> None:
        prompt.help()

    @keys.add("f2")
    def _(event: KeyPressEvent) -> None:
        prompt.state_open = not prompt.state_open

    @keys.add("f3")
    def _(event: KeyPressEvent) -> None:
        prompt.pick()

    @keys.add("f4")
    def _(event: KeyPressEvent) -> None:
        prompt.switch_editing_mode()

    _picking(keys, prompt)
    return keys


def _picking(keys: KeyBindings, prompt: "Prompt") -> None:
    picking = Condition(lambda: prompt.picker is not None)
    for key, by in (("up", -1), ("down", 1), ("pageup", -PAGE), ("pagedown", PAGE), ("home", -(10**9)), ("end", 10**9)):

        @keys.add(key, filter=picking, eager=True)
        def _(event: KeyPressEvent, by: int = by) -> None:
            if prompt.picker is not None:
                prompt.picker.move(by)

    @keys.add("enter", filter=picking, eager=True)
    def _(event: KeyPressEvent) -> None:
        if prompt.picker is not None:
            prompt.order(f"goto {prompt.picker.step}")

    @keys.add("escape", filter=picking, eager=True)
    @keys.add("f3", filter=picking, eager=True)
    def _(event: KeyPressEvent) -> None:
        prompt.picker = None

    @keys.add(Keys.Any, filter=picking)
    def _(event: KeyPressEvent) -> None:
        """Nothing is typed while a step is being picked."""


def complete(buffer: Buffer, live: Live, more: str) -> None:
    """Tab: take the selected completion, or the only one, or what all have in common, or else show them."""
    state = buffer.complete_state
    if state is not None and state.current_completion is not None:
        buffer.complete_state = None
        return
    word, options = live.candidates(buffer.document.text_before_cursor)  # now: the menu may not have come yet
    texts = [option.text for option in options]
    common = texts[0] if len(texts) == 1 else shared([text for text in texts if text.startswith(word)])
    if len(texts) == 1 or len(common) > len(word):
        buffer.apply_completion(Completion(common, start_position=-len(word)))
    elif texts:
        buffer.complete_state = CompletionState(buffer.document, completions(word, options, more))
        buffer.complete_next()


def shared(texts: list[str]) -> str:
    """The longest beginning that all of `texts` have."""
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    at = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    return low[:at]
