"""Serving HTTP: one application per process, problems as RFC 9457 documents, callers known."""

from everopen.kit.http.app import build_app
from everopen.kit.http.bodies import OPTIONAL_BODY
from everopen.kit.http.callers import CallerChecks, internal_only

__all__ = ["OPTIONAL_BODY", "CallerChecks", "build_app", "internal_only"]
