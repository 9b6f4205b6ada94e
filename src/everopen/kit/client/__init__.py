"""Calling other services, through the local Envoy, with honest outcomes."""

from everopen.kit.client.mesh import Mesh

__all__ = ["Mesh"]
