"""Three lines: a photo in, landmarks out.

python examples/align_photo.py [PHOTO] [OUT.png]
"""

import sys

from skimage.data import astronaut

import kerasalign

photo = sys.argv[1] if len(sys.argv) > 1 else astronaut()
out = sys.argv[2] if len(sys.argv) > 2 else "align_photo.png"

model = kerasalign.load("musica19-synth")
faces = model.align(photo)
faces.draw().save(out)

for face in faces:
    print(
        f"{len(face.landmarks)} points, estimated error {face.error:.1f} % of the eye distance, "
        f"nose tip at {face.part('nose')[3].round(1)}"
    )
print(f"Drawn on {out}")
