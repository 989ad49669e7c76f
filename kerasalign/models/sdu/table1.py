"""The rows of SDU's Table 1 as configs."""

_DENSE = {"topology": "sat3", "stacks": 2, "block": "cab", "down": 3}

TABLE_1: dict[str, dict] = {
    "Hourglass1-Resnet": {"topology": "hourglass", "stacks": 1, "block": "resnet", "down": 4, "transformer": "none"},
    "Hourglass2-Resnet": {"topology": "hourglass", "stacks": 2, "block": "resnet", "down": 4, "transformer": "none"},
    "Hourglass2-Inception-Resnet": {
        "topology": "hourglass",
        "stacks": 2,
        "block": "inception",
        "down": 4,
        "transformer": "none",
    },
    "Hourglass2-HPM": {"topology": "hourglass", "stacks": 2, "block": "hpm", "down": 4, "transformer": "none"},
    "Hourglass2-CAB": {"topology": "hourglass", "stacks": 2, "block": "cab", "down": 4, "transformer": "none"},
    "Hourglass2-HPM (3 steps)": {
        "topology": "hourglass",
        "stacks": 2,
        "block": "hpm",
        "down": 3,
        "transformer": "none",
    },
    "Hourglass2-CAB (3 steps)": {
        "topology": "hourglass",
        "stacks": 2,
        "block": "cab",
        "down": 3,
        "transformer": "none",
    },
    "U-Net2-CAB": {"topology": "unet", "stacks": 2, "block": "cab", "down": 4, "transformer": "none"},
    "DLA2-CAB": {"topology": "dla", "stacks": 2, "block": "cab", "down": 4, "transformer": "none"},
    "SAT(I)2-CAB": {"topology": "sat1", "stacks": 2, "block": "cab", "down": 4, "transformer": "none"},
    "SAT(II)2-CAB (3 steps)": {"topology": "sat2", "stacks": 2, "block": "cab", "down": 3, "transformer": "none"},
    "SAT(III)2-CAB (3 steps)": _DENSE | {"transformer": "none"},
    "Dense U-Net + STN": _DENSE | {"transformer": "stn"},
    "Dense U-Net + Inside": _DENSE | {"transformer": "inside"},
    "Dense U-Net + Outside": _DENSE | {"transformer": "outside"},
    "Dense U-Net + Dual": _DENSE | {"transformer": "dual"},
}
