"""Folders in folders. A folder can be moved into itself, and its path is then infinite."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine


class Folder(Enum):
    DOCS = "docs"
    MUSIC = "music"


@dataclass
class Move:
    folder: Folder
    into: Folder


@dataclass
class Tree:
    parents: dict[Folder, Folder] = field(default_factory=dict)
    longest: int = 0


class Folders(StateMachine):
    State = Tree
    Input = Move

    def initial(self):
        return Tree()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Move(folder, into)):
                parents = {**state.parents, folder: into}
                state.longest = max(state.longest, _depth(parents, folder))
                state.parents = parents


def _depth(parents, folder):
    return 1 + _depth(parents, parents[folder]) if folder in parents else 0


LAW = "defect"
TRACE = ["Move(folder=Folder.DOCS, into=Folder.DOCS)"]
