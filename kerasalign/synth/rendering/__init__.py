"""From a scene to a picture: camera, light, rasterizer, shader, and the degradations of a camera."""
