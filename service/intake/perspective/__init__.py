"""Perspective's API: its clients work by changing an address and a key."""
