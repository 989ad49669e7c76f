"""The library's own face detector: its network, the decoding of its maps, its second look and its files."""
