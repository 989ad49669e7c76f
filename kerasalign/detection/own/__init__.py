"""The library's own face detector: network, coding of its maps, second look, files for other runtimes."""
