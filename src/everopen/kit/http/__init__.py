"""Serving HTTP: one application per process, problems as RFC 9457 documents, callers known."""

from everopen.kit.http.app import build_app
from everopen.kit.http.callers import CallerChecks, internal_only

__all__ = ["CallerChecks", "build_app", "internal_only"]
