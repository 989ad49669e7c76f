// The landmarks of a face, as in kerasalign.inference: crops, the network's iterations, and a second crop.

import { apply, boxAt, boxSize, cropMatrix, invert, iou, warp } from "./geometry.js";

// The box of a face's landmarks agrees with its crop from this intersection over union on, and up to these degrees.
const AGREEING_IOU = 0.75, AGREEING_DEGREES = 5;

/**
 * Finds the landmarks of faces.
 *
 * @param photo {data, width, height}: RGBA.
 * @param faces Faces {box, angle} as the detector finds them.
 * @param network {run, crop, mean_shape, calibration}; `run` is `runStages` of its sessions.
 * @param threshold Success threshold T_s in percent: faces with a lower estimate are finished; null: none is.
 * @param refine How often at most a face is cropped again, by the upright box of its landmarks, where they disagree.
 * @returns The faces with landmarks, error, iterations and failed.
 */
export async function align(photo, faces, network, threshold, refine = 1) {
  if (!faces.length) return [];
  const places = faces.map(({ box, angle }) => ({ box, angle }));
  const results = await predict(photo, places, network, threshold);
  for (let pass = 0; pass < refine; pass++) {
    const next = places.map((place, i) => refined(place, results[i].landmarks, network.mean_shape));
    const again = [...places.keys()].filter((i) => next[i]);
    if (!again.length) break;
    const found = await predict(photo, again.map((i) => next[i]), network, threshold);
    again.forEach((i, row) => ([places[i], results[i]] = [next[i], found[row]]));
  }
  return faces.map((face, i) => ({ ...face, ...results[i] }));
}

async function predict(photo, places, { run, crop, calibration }, threshold) {
  const pixels = crop.size ** 2 * 3;
  const crops = new Float32Array(places.length * pixels);
  const toPhoto = places.map(({ box, angle }, i) => {
    const matrix = cropMatrix(crop, box, angle);
    warp(photo, matrix, crop.size, crops.subarray(i * pixels, (i + 1) * pixels));
    return invert(matrix);
  });
  return (await run(crops, places.length, crop.size, threshold)).map(({ points, estimate, iterations }, i) => ({
    landmarks: points.map((point) => apply(toPhoto[i], point)),
    error: calibration ? calibrate(calibration, estimate) : estimate,
    failed: Boolean(calibration) && calibrate(calibration, estimate) > calibration.failure_threshold,
    iterations,
  }));
}

/**
 * Runs the iterations of a network; after each, finished faces leave the batch.
 *
 * @param ort ONNX Runtime Web.
 * @param sessions One session for each iteration; a single one is a network without early exit.
 * @returns Function from crops, their number and size and the threshold to {points, estimate, iterations} of each face.
 */
export function runStages(ort, sessions) {
  const int32 = (values) => new ort.Tensor("int32", Int32Array.from(values), [values.length]);
  return async (crops, count, size, threshold) => {
    const type = sessions[0].inputMetadata?.[0]?.type ?? "float32";
    const data = type === "uint8" ? Uint8Array.from(crops) : crops;
    const fixed = { crops: new ort.Tensor(type, data, [count, size, size, 3]) };
    const results = Array(count);
    let active = [...results.keys()], going = [], last = {};
    for (let number = 0; number < sessions.length && active.length; number++) {
      const session = sessions[number];
      const given = { ...fixed, last_shift: last.shift, last_state: last.state, rows: int32(active), going: int32(going) };
      const outputs = session.outputNames.filter((name) => name !== "attention");
      last = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, given[name]])), outputs);
      if (!number) Object.assign(fixed, last);
      const estimates = last.error ? Array.from(last.error.data, (value) => 100 * value) : [];
      active.forEach((face, row) => {
        const estimate = estimates[row] ?? null;
        results[face] = { points: pointsOf(last.landmarks, row), estimate, iterations: number + 1 };
      });
      going = [...active.keys()].filter((row) => threshold === null || !(estimates[row] < threshold));
      active = going.map((row) => active[row]);
    }
    return results;
  };
}

function pointsOf({ data, dims: [, points] }, row) {
  return Array.from({ length: points }, (_, i) => [data[2 * (row * points + i)], data[2 * (row * points + i) + 1]]);
}

/** Error to expect, in percent of the inter-ocular distance, from the network's estimate. */
function calibrate({ estimates, errors }, estimate) {
  const [x, y] = [[0, ...estimates], [0, ...errors]];
  let i = x.findIndex((value) => value >= estimate);
  if (i < 0) i = x.length - 1; // beyond the last point it goes on as steep
  if (!i) return y[0];
  return y[i - 1] + ((estimate - x[i - 1]) * (y[i] - y[i - 1])) / (x[i] - x[i - 1]);
}

/** The upright box of landmarks; null where it agrees with the place, or where the landmarks have collapsed. */
function refined(place, landmarks, meanShape) {
  const next = uprightBox(landmarks, meanShape);
  if (Math.min(...boxSize(next.box)) <= 0.1 * Math.min(...boxSize(place.box))) return null;
  const turned = Math.abs(((((next.angle - place.angle + 180) % 360) + 360) % 360) - 180);
  return turned <= AGREEING_DEGREES && iou(next.box, place.box) >= AGREEING_IOU ? null : next;
}

/** Tight box of landmarks after rotation to an upright face, around its center in the photo, and the rotation. */
export function uprightBox(landmarks, meanShape) {
  const middle = (points, axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [mx, my, sx, sy] = [middle(landmarks, 0), middle(landmarks, 1), middle(meanShape, 0), middle(meanShape, 1)];
  let [real, imaginary] = [0, 0]; // of the similarity transform that fits the mean shape best
  landmarks.forEach(([x, y], i) => {
    const [u, v] = [meanShape[i][0] - sx, meanShape[i][1] - sy];
    real += u * (x - mx) + v * (y - my);
    imaginary += u * (y - my) - v * (x - mx);
  });
  const angle = Math.atan2(imaginary, real);
  const turn = [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0];
  const upright = landmarks.map((point) => apply(invert(turn), point));
  const ends = [0, 1].map((axis) => upright.map((point) => point[axis]));
  const [[x0, y0], [x1, y1]] = [ends.map((v) => Math.min(...v)), ends.map((v) => Math.max(...v))];
  const box = boxAt(apply(turn, [(x0 + x1) / 2, (y0 + y1) / 2]), [x1 - x0, y1 - y0]);
  return { box, angle: (angle * 180) / Math.PI };
}
