"""A platform as a whole: brought up and down, asked for its state, and its parts made to fail.

`Platform` is what the command line, tests and drills use.
"""

from everopen.apps.platform.hooks import ServiceHooks
from everopen.apps.platform.location import default_data_dir, find_topology
from everopen.apps.platform.platform import Platform
from everopen.apps.platform.progress import Progress, Silent
from everopen.apps.platform.status import InstanceStatus, PlatformStatus, Verdict

__all__ = [
    "InstanceStatus",
    "Platform",
    "PlatformStatus",
    "Progress",
    "ServiceHooks",
    "Silent",
    "Verdict",
    "default_data_dir",
    "find_topology",
]
