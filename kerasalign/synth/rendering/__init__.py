"""From a scene to a picture: camera, light, rasteriser, shader, and what a camera spoils."""
