"""Every report, as one type, and as JSON."""

from dataclasses import dataclass, field

from fasm_cli.reports.machines import (
    Checked,
    Description,
    Explained,
    LawList,
    Linted,
    Machines,
    Replayed,
    Simulated,
    Traces,
)
from fasm_cli.reports.repl import (
    Checks,
    Differences,
    Expected,
    Message,
    ProblemDetails,
    Reloaded,
    RunReport,
    Samples,
    Saved,
    Stops,
    Tree,
    Value,
)
from fasm_cli.reports.sessions import (
    Compared,
    HeadMoved,
    HistoryImported,
    Log,
    Migrated,
    MigratedDatabase,
    Removed,
    SessionInfo,
    Sessions,
    Verified,
)
from fasm_cli.reports.steps import Pending, State, StepReport


@dataclass(frozen=True, slots=True)
class ScriptReport:
    """The lines of a file, performed."""

    path: str
    reports: "list[Report]" = field(default_factory=list)


Report = (
    Pending
    | State
    | StepReport
    | Compared
    | HeadMoved
    | HistoryImported
    | Log
    | Migrated
    | MigratedDatabase
    | Removed
    | SessionInfo
    | Sessions
    | Verified
    | Checked
    | Description
    | Explained
    | LawList
    | Linted
    | Machines
    | Replayed
    | Simulated
    | Traces
    | Checks
    | Differences
    | Expected
    | Message
    | ProblemDetails
    | Reloaded
    | RunReport
    | Samples
    | Saved
    | Stops
    | Tree
    | Value
    | ScriptReport
)
