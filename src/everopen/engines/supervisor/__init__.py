"""supervisord, one per zone: the parent of the zone's processes, which starts again what dies."""

from everopen.engines.supervisor.control import ProgramState, Supervisor, SupervisorUnreachable
from everopen.engines.supervisor.render import SupervisorFiles, render_supervisor

__all__ = [
    "ProgramState",
    "Supervisor",
    "SupervisorFiles",
    "SupervisorUnreachable",
    "render_supervisor",
]
