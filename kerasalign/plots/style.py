"""Colors and distances that the pictures share."""

# Background and text of sheets, RGB.
PAPER = (24, 28, 34)
INK = (235, 235, 235)
# Pixels between tiles.
GAP = 8
