"""The pictures of the site, each file of a kind: charts of measurements, faces, and a clip."""
