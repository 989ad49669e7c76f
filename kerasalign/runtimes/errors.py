"""Errors of exports."""


class ParityError(ValueError):
    """An exported file gives other results than its network; the file was not kept."""
