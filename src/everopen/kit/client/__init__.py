"""Calling other services, through the local Envoy or within the process, with honest outcomes."""

from everopen.kit.client.mesh import Mesh
from everopen.kit.client.neighbours import Neighbours

__all__ = ["Mesh", "Neighbours"]
