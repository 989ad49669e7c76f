// The face detector, as in kerasalign.detection.own: from the network's maps to boxes, angles and scores.

import {
  apply, boxArea, boxAt, boxCenter, boxSize, compose, cropMatrix, invert, iou, resize, resizeMatrix, round, scaleOf, warp,
} from "./geometry.js";

const STRIDE = 8, REFERENCE = 32, CHANNELS = 17, MULTIPLE = 32;
const COARSE = 256, WORTH_A_FINER_LOOK = 1.25, SMALL = 40, LARGE = 48;
const SURE = 0.8, STRETCHED_MORE = 0.03, TURNED_SCORE = 0.6, MOST_LOOKS = 100, SAME_FACE_IOU = 0.3, MOST_PEAKS = 400;
const LOOK = { size: 128, scale: 1.6, shift: [0, 0], max_aspect: 4 };

/**
 * Finds the faces of a photo.
 *
 * @param photo {data, width, height}: RGBA.
 * @param maps Function from the numbers of an RGB picture, its width and height to the network's maps {data, width, height}.
 * @param options {size, min_score, max_overlap}, as of KerasAlignDetector.
 * @returns Faces {box, score, angle}, the largest first.
 */
export async function detect(photo, maps, options) {
  const given = photo;
  photo = stretchExposure(given);
  const lowest = options.min_score + (photo === given ? 0 : STRETCHED_MORE);
  const look = (size, way) => search(photo, size, way, maps, options);
  let faces = await look(COARSE, 0);
  let surest = best(faces), surestWay = 0;
  if (surest < SURE) {
    for (const way of [1, 2, 3]) {
      const found = await look(COARSE, way);
      if (best(found) > surest) [surest, surestWay] = [best(found), way];
      faces.push(...found.filter((face) => face.score >= TURNED_SCORE));
    }
  }
  const longer = Math.max(photo.width, photo.height);
  const fine = Math.min(longer, options.size);
  if (fine >= WORTH_A_FINER_LOOK * COARSE && mayHoldSmallFaces(faces, COARSE / longer, options.min_score)) {
    for (const way of new Set([0, surestWay])) {
      faces.push(...(await look(fine, way)).filter((face) => !way || face.score >= TURNED_SCORE));
    }
  }
  const doubtful = faces.filter((face) => face.score < SURE).sort((a, b) => b.score - a.score).slice(0, MOST_LOOKS);
  faces = faces.filter((face) => face.score >= SURE);
  for (const face of doubtful) faces.push(await lookAgain(photo, face, maps));
  const inside = (face, [x, y] = boxCenter(face.box)) =>
    x >= -0.5 && x < photo.width - 0.5 && y >= -0.5 && y < photo.height - 0.5;
  return suppress(faces, lowest, options.max_overlap)
    .filter((face) => inside(face))
    .sort((a, b) => boxArea(b.box) - boxArea(a.box) || a.box[0] - b.box[0]);
}

const best = (faces) => Math.max(0, ...faces.map((face) => face.score));

function mayHoldSmallFaces(faces, scale, minScore) {
  const sides = faces.map((face) => scale * Math.max(...boxSize(face.box)));
  return !sides.some((side, i) => side > LARGE && faces[i].score >= minScore) || sides.some((side) => side < SMALL);
}

/** One look at the whole photo, after so many quarter turns. */
async function search(photo, size, way, maps, options) {
  const fitted = fit(photo, size, way);
  const result = await maps(fitted.data, fitted.width, fitted.height);
  const toPhoto = invert(fitted.matrix);
  return findFaces(result, options.min_score ** 2, options.max_overlap).map((face) => asDetection(face, toPhoto));
}

/** The photo in a rectangle that the network takes, turned counterclockwise, and the map to it. */
function fit(photo, size, way) {
  const scale = size / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width, photo.height].map((side) => Math.max(round(side * scale), 1));
  const small = resize(photo, width, height);
  let [wide, high] = [width, height].map((side) => Math.ceil(side / MULTIPLE) * MULTIPLE);
  const [left, top] = [Math.floor((wide - width) / 2), Math.floor((high - height) / 2)];
  let matrix = compose(resizeMatrix([photo.width, photo.height], [width, height]), [1, 0, left, 0, 1, top]);
  let turn = [1, 0, left, 0, 1, top];
  for (let count = 0; count < way; count++) {
    const quarter = [0, 1, 0, -1, 0, wide - 1];
    [matrix, turn, wide, high] = [compose(matrix, quarter), compose(turn, quarter), high, wide];
  }
  const data = new Float32Array(wide * high * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = apply(turn, [x, y]);
      for (let c = 0; c < 3; c++) data[3 * (v * wide + u) + c] = small.data[4 * (y * width + x) + c];
    }
  }
  return { data, width: wide, height: high, matrix };
}

/** The network looks again at a face of a doubtful score, upright, alone and larger; both looks are averaged. */
async function lookAgain(photo, face, maps) {
  const matrix = cropMatrix(LOOK, face.box, face.angle);
  const crop = new Float32Array(LOOK.size ** 2 * 3);
  warp(photo, matrix, LOOK.size, crop);
  const result = await maps(crop, LOOK.size, LOOK.size);
  const scale = scaleOf(matrix);
  const expected = boxAt(apply(matrix, boxCenter(face.box)), boxSize(face.box).map((side) => scale * side));
  const same = findFaces(result, 0.01, 0.4).find((found) => iou(boxAt(found.center, found.size), expected) > SAME_FACE_IOU);
  if (!same) return { ...face, score: 0 };
  const second = asDetection(same, invert(matrix), false);
  return {
    box: face.box.map((value, i) => (value + second.box[i]) / 2),
    score: Math.sqrt(face.score * second.score),
    angle: face.angle + second.angle / 2,
  };
}

/** Peaks of the score in maps (h, w, 17), as upright faces {center, size, direction, score} in the network's pixels. */
function findFaces({ data, width, height }, minScore, maxOverlap) {
  const scores = Float32Array.from({ length: width * height }, (_, i) => {
    return 1 / (1 + Math.exp(-Math.min(Math.max(data[CHANNELS * i], -30), 30)));
  });
  const faces = [];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] >= minScore && isPeak(scores, i, width, height)) {
      const [dx, dy, w, h, cos, sin] = data.subarray(CHANNELS * i + 1, CHANNELS * i + 7);
      const size = [w, h].map((value) => REFERENCE * Math.exp(Math.min(Math.max(value, -6), 6)));
      const side = Math.sqrt(size[0] * size[1]);
      const [x, y] = [i % width, Math.floor(i / width)].map((cell) => cell * STRIDE + (STRIDE - 1) / 2);
      faces.push({ center: [dx * side + x, dy * side + y], size, direction: [cos, sin], score: scores[i] });
    }
  }
  faces.sort((a, b) => b.score - a.score).splice(MOST_PEAKS);
  faces.forEach((face) => (face.box = boxAt(face.center, face.size)));
  return suppress(faces, minScore, maxOverlap);
}

function isPeak(scores, i, width, height) {
  const [x, y] = [i % width, Math.floor(i / width)];
  for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
    for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
      if (scores[v * width + u] > scores[i]) return false;
    }
  }
  return true;
}

/** Non-maximum suppression; the order stays. */
function suppress(faces, minScore, maxOverlap) {
  const kept = [];
  for (const face of faces.filter(({ score }) => score > minScore).sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => iou(face.box, other.box) <= maxOverlap)) kept.push(face);
  }
  return faces.filter((face) => kept.includes(face));
}

function asDetection({ center, size, direction, score }, toPhoto, wrapped = true) {
  const scale = scaleOf(toPhoto);
  const box = boxAt(apply(toPhoto, center), size.map((side) => scale * side));
  let angle = (Math.atan2(direction[1], direction[0]) * 180) / Math.PI;
  if (wrapped) {
    const turned = angle + (Math.atan2(toPhoto[3], toPhoto[0]) * 180) / Math.PI;
    angle = ((((turned + 180) % 360) + 360) % 360) - 180;
  }
  return { box, score, angle };
}

/** Stretches the values of a dim or flat photo, as in kerasalign.detection.own.exposure. */
export function stretchExposure(photo) {
  const { data, width, height } = photo;
  const step = Math.ceil(Math.max(width, height) / 256);
  const values = [];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const i = 4 * (y * width + x);
      values.push(Math.max(data[i], data[i + 1], data[i + 2]));
    }
  }
  values.sort((a, b) => a - b);
  const percentile = (percent) => values[Math.ceil((percent * values.length) / 100) - 1];
  const [low, high] = [percentile(1), percentile(99)];
  if (high - low < 4 || high - low >= 110) return photo;
  const table = Uint8ClampedArray.from({ length: 256 }, (_, v) => (v - low) * (255 / (high - low)));
  return { data: data.map((v) => table[v]), width, height };
}
