"""Heads as data: models of shape and expression, their openings, places on their skin, and where landmarks sit."""
