"""Head models: shape and expression, openings of eyes and mouth, points on the skin, landmark definitions."""
