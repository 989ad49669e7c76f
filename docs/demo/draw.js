// Draws a photo and its faces, in the colors of kerasalign.plots.

const COLORS = { curve: "#40e0d0", point: "#ffffff", outline: "#101820", failed: "#ff6347" };
// Most pixels along the longer side of the drawing; no screen of a page shows more.
const LARGEST = 1600;

export function draw(canvas, picture, faces, markup) {
  const [width, height] = [picture.videoWidth || picture.width, picture.videoHeight || picture.height];
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  pen.lineCap = pen.lineJoin = "round";
  for (const face of faces) drawFace(pen, face, markup, scale);
}

function drawFace(pen, { landmarks, failed }, { edges }, scale) {
  const points = landmarks.map(([x, y]) => [(x + 0.5) * scale, (y + 0.5) * scale]);
  const reach = (axis) => Math.max(...points.map((p) => p[axis])) - Math.min(...points.map((p) => p[axis]));
  const extent = Math.max(reach(0), reach(1));
  const [stroke, radius] = [Math.max(0.007 * extent, 0.6), Math.max(0.0085 * extent, 0.8)];
  const lines = (color, width) => {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.beginPath();
    for (const [a, b] of edges) {
      pen.moveTo(...points[a]);
      pen.lineTo(...points[b]);
    }
    pen.stroke();
  };
  const dots = (color, size) => {
    pen.fillStyle = color;
    for (const [x, y] of points) {
      pen.beginPath();
      pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.fill();
    }
  };
  lines(COLORS.outline + "70", 1.9 * stroke);
  lines(failed ? COLORS.failed : COLORS.curve, stroke);
  dots(COLORS.outline + "cc", 1.45 * radius);
  dots(COLORS.point, radius);
}
