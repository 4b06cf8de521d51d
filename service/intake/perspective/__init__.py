"""Perspective's API: its clients work by changing an address and a key."""

from service.intake.perspective.views import blueprint, discovery

__all__ = ["blueprint", "discovery"]
