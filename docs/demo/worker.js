// The networks, in a thread of their own so that the page stays responsive. Everything comes from this folder.

import * as ort from "./ort/ort.wasm.bundle.min.mjs";
import { detect } from "./detector.js";
import { align, runStages, uprightBox } from "./landmarks.js";

// More threads than this gain nothing for networks of this size.
const MOST_THREADS = 4;
// A camera's faces are searched anew after so many milliseconds; in between they are followed.
const SEARCH_AFTER = 1000;

let photo, faces = [], searched = 0;

const opened = open();
opened.then(
  ({ config, threads, seconds }) => postMessage({ ready: { config, threads, seconds } }),
  (error) => postMessage({ broken: error.message }),
);

async function open() {
  const started = performance.now();
  const response = await fetch("demo.json");
  if (!response.ok) throw new Error("The networks of this page were not built.");
  const config = await response.json();
  // Threads share memory, which browsers allow only to pages that are isolated by the server's headers.
  const threads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.wasm", self.location).href };
  ort.env.logLevel = "error";
  const session = (file) => ort.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const stages = [];
  for (const file of config.model.files) stages.push(await session(file));
  const network = { ...config.model, mean_shape: config.markup.mean_shape, run: runStages(ort, stages) };
  const finder = await session(config.detector.file);
  const maps = async (data, width, height) => {
    const { maps: result } = await finder.run({ pictures: new ort.Tensor("float32", data, [1, height, width, 3]) });
    return { data: result.data, width: result.dims[2], height: result.dims[1] };
  };
  return { config, threads, network, maps, seconds: (performance.now() - started) / 1000 };
}

/** One task at a time: `bitmap` is a new photo, or with `live` a camera's picture; without one the last photo is meant. */
async function work({ bitmap, threshold, live }) {
  const { config, network, maps } = await opened;
  const started = performance.now();
  if (bitmap) photo = pixels(bitmap);
  const followed = live && faces.length && !faces.some((face) => face.failed) && started - searched < SEARCH_AFTER;
  if (followed) {
    faces = faces.map((face) => ({ ...face, ...uprightBox(face.landmarks, network.mean_shape) }));
  } else if (bitmap) {
    faces = await detect(photo, maps, config.detector);
    searched = started;
  }
  const detected = performance.now();
  faces = await align(photo, faces, network, threshold, followed ? 0 : 1);
  const times = { detect: bitmap && !followed ? detected - started : null, align: performance.now() - detected };
  return { faces, times, size: [photo.width, photo.height] };
}

/** The picture's RGBA; transparent parts become white. */
function pixels(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}

let queue = Promise.resolve();
onmessage = ({ data }) => {
  const reply = (answer) => postMessage({ id: data.id, ...answer });
  queue = queue.then(() => work(data)).then(reply, (error) => reply({ error: error.message }));
};
