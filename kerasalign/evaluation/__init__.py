"""Measuring a model by a protocol: reports, tables, occlusion, tracking, early exit."""
