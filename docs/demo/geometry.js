// Maps of the plane, resampling and face crops, as in kerasalign.geometry. Integer coordinates are pixel centers.
// A map is [a, b, c, d, e, f]: x' = a x + b y + c and y' = d x + e y + f. Pictures are {data, width, height}, RGBA.

export const apply = (m, [x, y]) => [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]];

/** First `m`, then `n`. */
export function compose(m, n) {
  const [c, f] = apply(n, [m[2], m[5]]);
  const row = (i, j) => n[3 * i] * m[j] + n[3 * i + 1] * m[3 + j];
  return [row(0, 0), row(0, 1), c, row(1, 0), row(1, 1), f];
}

export function invert([a, b, c, d, e, f]) {
  const det = a * e - b * d;
  return [e / det, -b / det, (b * f - e * c) / det, -d / det, a / det, (d * c - a * f) / det];
}

export const scaleOf = ([a, b, , d, e]) => Math.sqrt(Math.abs(a * e - b * d));

/** The map of a resized picture: u becomes (u + 0.5) s - 0.5. */
export function resizeMatrix([width, height], [toWidth, toHeight]) {
  const [sx, sy] = [toWidth / width, toHeight / height];
  return [sx, 0, 0.5 * sx - 0.5, 0, sy, 0.5 * sy - 0.5];
}

export const boxCenter = ([x0, y0, x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
export const boxSize = ([x0, y0, x1, y1]) => [x1 - x0, y1 - y0];
export const boxArea = (box) => boxSize(box)[0] * boxSize(box)[1];
export const boxAt = ([x, y], [w, h]) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2];

export function iou(a, b) {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const both = Math.max(w, 0) * Math.max(h, 0);
  return both / (boxArea(a) + boxArea(b) - both);
}

/** Rounds halves to even numbers, as Python and OpenCV do. */
export function round(x) {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 ? near - 1 : near;
}

/** The map from photo to crop pixels of a face box; the crop shows a face that is turned by `degrees` upright. */
export function cropMatrix(spec, box, degrees = 0) {
  const [w, h] = boxSize(box);
  const side = Math.min(Math.max(w, h), spec.max_aspect * Math.min(w, h));
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [sx, sy] = [spec.shift[0] * side, spec.shift[1] * side];
  const [x, y] = boxCenter(box);
  const [cx, cy] = [x + cos * sx - sin * sy, y + sin * sx + cos * sy];
  const scale = spec.size / (spec.scale * side);
  const [a, b, d, e] = [scale * cos, scale * sin, -scale * sin, scale * cos];
  const middle = (spec.size - 1) / 2;
  return [a, b, middle - a * cx - b * cy, d, e, middle - d * cx - e * cy];
}

/** Writes the crop of a map into `out` as `size * size * 3` numbers: 0 outside the photo, at least 1 inside. */
export function warp(photo, matrix, size, out) {
  let inverse = invert(matrix);
  const corners = [[0, 0], [size, 0], [0, size], [size, size]].map(([x, y]) => apply(inverse, [x - 0.5, y - 0.5]));
  const reduce = Math.floor(1 / Math.max(scaleOf(matrix), 1e-6));
  const margin = 2 * Math.max(reduce, 1);
  const ends = (axis, limit) => [
    Math.max(Math.floor(Math.min(...corners.map((p) => p[axis]))) - margin, 0),
    Math.min(Math.ceil(Math.max(...corners.map((p) => p[axis]))) + margin + 1, limit),
  ];
  const [[left, right], [top, bottom]] = [ends(0, photo.width), ends(1, photo.height)];
  out.fill(0);
  if (right <= left || bottom <= top) return;
  let region = cut(photo, left, top, right, bottom);
  inverse = compose(inverse, [1, 0, -left, 0, 1, -top]);
  if (reduce >= 2) {
    const source = [region.width, region.height];
    const target = source.map((side) => Math.max(1, round(side / reduce)));
    region = shrink(region, ...target);
    inverse = compose(inverse, resizeMatrix(source, target));
  }
  sample(region, inverse, size, out);
}

function sample({ data, width, height }, inverse, size, out) {
  for (let row = 0, at = 0; row < size; row++) {
    for (let column = 0; column < size; column++, at += 3) {
      const [x, y] = apply(inverse, [column, row]);
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) continue;
      const [fx, fy] = [x - x0, y - y0];
      for (let k = 0; k < 4; k++) {
        const [u, v] = [x0 + (k & 1), y0 + (k >> 1)];
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        const weight = (k & 1 ? fx : 1 - fx) * (k >> 1 ? fy : 1 - fy);
        const pixel = 4 * (v * width + u);
        for (let c = 0; c < 3; c++) out[at + c] += weight * data[pixel + c];
      }
      for (let c = 0; c < 3; c++) out[at + c] = round(out[at + c]);
    }
  }
}

/** A part of a photo, in which black is lifted to 1. */
function cut({ data, width }, left, top, right, bottom) {
  const part = { width: right - left, height: bottom - top };
  part.data = new Uint8ClampedArray(4 * part.width * part.height);
  for (let y = 0; y < part.height; y++) {
    const start = 4 * ((y + top) * width + left);
    part.data.set(data.subarray(start, start + 4 * part.width), 4 * y * part.width);
  }
  for (let i = 0; i < part.data.length; i++) part.data[i] = part.data[i] || 1;
  return part;
}

/** A picture of another size: the mean over each new pixel's area, or linear where it grows. */
export function resize(picture, width, height) {
  if (width === picture.width && height === picture.height) return picture;
  return Math.max(width, height) < Math.max(picture.width, picture.height)
    ? shrink(picture, width, height)
    : combine(picture, linearTaps(picture.width, width), linearTaps(picture.height, height));
}

const shrink = (picture, width, height) =>
  combine(picture, areaTaps(picture.width, width), areaTaps(picture.height, height));

/** The old pixels of each new one along an axis, with their weights. */
function areaTaps(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * scale, Math.min((i + 1) * scale, from)];
    const taps = [];
    for (let j = Math.floor(start); j < end; j++) {
      const part = Math.min(j + 1, end) - Math.max(j, start);
      if (part > 1e-3) taps.push([j, part]);
    }
    const sum = taps.reduce((total, [, part]) => total + part, 0);
    return taps.map(([j, part]) => [j, part / sum]);
  });
}

function linearTaps(from, to) {
  return Array.from({ length: to }, (_, i) => {
    const place = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(place);
    const inside = (j) => Math.min(Math.max(j, 0), from - 1);
    return [[inside(first), first + 1 - place], [inside(first + 1), place - first]];
  });
}

function combine({ data, width, height }, columns, rows) {
  const across = columns.length;
  const wide = new Float32Array(4 * across * height);
  for (let x = 0; x < across; x++) {
    for (const [j, weight] of columns[x]) {
      for (let y = 0, to = 4 * x, from = 4 * j; y < height; y++, to += 4 * across, from += 4 * width) {
        for (let c = 0; c < 3; c++) wide[to + c] += weight * data[from + c];
      }
    }
  }
  const result = new Uint8ClampedArray(4 * across * rows.length);
  // The array rounds halves to even numbers; OpenCV does so too, but rounds them up in the mean of four pixels.
  const lift = width === 2 * across && height === 2 * rows.length ? 1e-3 : 0;
  const sums = new Float32Array(4 * across);
  rows.forEach((taps, y) => {
    sums.fill(lift);
    for (const [j, weight] of taps) {
      for (let i = 0, from = j * sums.length; i < sums.length; i++) sums[i] += weight * wide[from + i];
    }
    result.set(sums, y * sums.length);
  });
  return { data: result, width: across, height: rows.length };
}
