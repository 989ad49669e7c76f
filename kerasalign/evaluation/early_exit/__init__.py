"""Early exit of a cascade: errors of every iteration, operating points, calibration, report."""
