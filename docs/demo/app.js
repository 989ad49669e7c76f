// The page: takes a photo or the camera, and shows what the worker finds.

import { draw } from "./draw.js";

const $ = (id) => document.getElementById(id);
const canvas = $("drawing"), video = document.createElement("video");
const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();

let config, picture, name = "photo", latest, stream, numbers = 0;
// Counts photos and cameras that were opened: answers to earlier ones are not shown.
let turn = 0;

worker.onmessage = ({ data }) => {
  if (data.ready) return start(data.ready);
  if (data.broken) return say(`${data.broken} Build it with: kerasalign demo --web`, true);
  waiting.get(data.id)(data);
  waiting.delete(data.id);
};
worker.onerror = (event) => say(`This browser cannot run the page (${event.message || "module workers are missing"}).`, true);

function ask(message, transfer = []) {
  const id = numbers++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, threshold: threshold(), ...message }, transfer);
  });
}

function start({ config: loaded, threads, seconds }) {
  config = loaded;
  const stages = config.model.files.length;
  $("exit").hidden = stages < 2;
  if (config.home) {
    $("home").href = config.home;
    $("home").hidden = false;
  }
  $("about").textContent =
    `${config.preset}, ${config.markup.mean_shape.length} points, ${config.license}; kerasalign ${config.kerasalign}, ` +
    `ONNX Runtime Web ${config.onnxruntime_web}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  for (const { file, title } of config.samples) {
    const button = document.createElement("button");
    button.textContent = title;
    button.className = "sample";
    button.onclick = async () => open(await (await fetch(file)).blob(), file);
    $("samples").append(button);
  }
  for (const button of document.querySelectorAll("button, input")) button.disabled = false;
  $("save").disabled = true;
  showThreshold();
  say(`Ready after ${seconds.toFixed(1)} s. Choose a photo, or drop one on the page.`);
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

const threshold = () => (config?.model.files.length > 1 && Number($("threshold").value)) || null;

function showThreshold() {
  const value = threshold();
  $("threshold-value").textContent = value ? `${value.toFixed(1)} %` : "off";
}

async function open(blob, file = "photo") {
  $("save").disabled = true;
  say("Reading the photo …");
  stopCamera();
  const mine = ++turn;
  let opened;
  try {
    // Colors as they are in the file; photos of phones are turned upright.
    opened = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    return say("The browser cannot read this file as a photo.", true);
  }
  if (turn !== mine) return;
  picture = opened;
  name = file.split("/").pop().replace(/\.[^.]*$/, "");
  say("Looking for faces …");
  $("results").hidden = true;
  $("detect-time").textContent = $("align-time").textContent = "–";
  draw(canvas, picture, [], config.markup);
  document.body.classList.add("shown");
  const copy = await createImageBitmap(picture);
  const answer = await ask({ bitmap: copy }, [copy]);
  if (turn === mine) show(answer);
}

function show(answer) {
  if (answer.error) return say(answer.error, true);
  latest = answer;
  draw(canvas, stream ? video : picture, answer.faces, config.markup);
  const { faces, times } = answer;
  say(faces.length ? `${faces.length} ${faces.length === 1 ? "face" : "faces"}` : "No face was found.");
  if (times.detect !== null) $("detect-time").textContent = `${times.detect.toFixed(0)} ms`;
  $("align-time").textContent = `${times.align.toFixed(0)} ms`;
  $("save").disabled = !faces.length || Boolean(stream);
  $("faces").replaceChildren(...faces.map(row));
  $("results").hidden = !faces.length;
}

function row({ score, error, iterations, failed }, index) {
  const line = document.createElement("tr");
  const stages = config.model.files.length;
  const cells = [index + 1, score.toFixed(2), error === null ? "–" : `${error.toFixed(1)} %`];
  for (const value of [...cells, stages > 1 ? `${iterations} of ${stages}` : "–"]) {
    line.append(Object.assign(document.createElement("td"), { textContent: value }));
  }
  line.classList.toggle("failed", failed);
  return line;
}

async function startCamera() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 640 } } });
  } catch (error) {
    return say(`There is no camera to use (${error.name || "the page must come from https or localhost"}).`, true);
  }
  document.body.classList.add("shown", "live");
  $("camera").textContent = "Stop the camera";
  video.srcObject = stream;
  await video.play();
  const mine = ++turn;
  while (turn === mine) {
    const bitmap = await createImageBitmap(video);
    const answer = await ask({ bitmap, live: true }, [bitmap]);
    if (turn === mine) show(answer);
    await new Promise(requestAnimationFrame);
  }
}

function stopCamera() {
  turn++;
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  document.body.classList.remove("live");
  $("camera").textContent = "Use the camera";
}

/** The faces as a JSON file with the keys of `Faces.to_json`. */
function save() {
  const [width, height] = latest.size;
  const faces = latest.faces.map((face) => ({ markup: config.markup.name, ...face }));
  const text = JSON.stringify({ preset: config.preset, width, height, faces });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${name}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

let pending = false;
$("threshold").oninput = async () => {
  showThreshold();
  if (!picture || stream || pending) return;
  pending = true;
  let value;
  do {
    value = threshold();
    const mine = turn;
    const answer = await ask({});
    if (turn === mine) show(answer);
  } while (value !== threshold());
  pending = false;
};
$("choose").onclick = () => $("file").click();
$("file").onchange = ({ target }) => {
  const [file] = target.files;
  if (file) open(file, file.name);
  target.value = "";
};
$("camera").onclick = () => (stream ? stopCamera() : startCamera());
$("save").onclick = save;
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file && config) open(file, file.name);
};
document.onpaste = ({ clipboardData }) => {
  const [file] = clipboardData.files;
  if (file && config) open(file, file.name);
};
