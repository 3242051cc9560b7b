// The form of an operation: its parameters and body, the same as a command and a
// script, and what the server says to it.

import { el } from "./dom.js";
import { curl, js, socketJs } from "./sample.js";
import { exampleOf } from "./shape.js";

const token = () => document.querySelector("#token").value.trim();
const ANY_TOKEN = "YOUR_TOKEN";
const MOST_FRAMES = 100;
// Where the server lives: at the root of its host, or below a path of it.
const SERVER = new URL("..", import.meta.url).href.replace(/\/$/, "");

const field = (parameter) =>
  el("input", { name: parameter.name, "data-in": parameter.in, required: parameter.in === "path", autocomplete: "off" });

/** The address that the form's parameters make. Those that are empty keep their name. */
function address(path, form) {
  let filled = path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in]")) {
    const value = input.value.trim();
    if (input.dataset.in === "path" && value) filled = filled.replace(`{${input.name}}`, encodeURIComponent(value));
    if (input.dataset.in === "query" && value) query.set(input.name, value);
  }
  return `${SERVER}${filled}${query.size ? `?${query}` : ""}`;
}

const parameters = (operation) =>
  (operation.parameters ?? [])
    .filter(({ in: place }) => place !== "header")
    .map((parameter) => el("label", {}, `${parameter.name}${parameter.required ? "" : " (optional)"}`, field(parameter)));

const show = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

export function request(method, path, operation, schemas) {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"]?.schema;
  const parts = content["multipart/form-data"]?.schema;
  const fileName = !json && parts ? Object.keys(parts.properties)[0] : undefined;
  const body = json && el("textarea", { name: "body", spellcheck: "false" }, JSON.stringify(exampleOf(json, schemas), null, 2));
  const file = fileName && el("input", { type: "file", name: "file" });
  const isOpen = !operation.security?.length;
  const [shell, script, answer] = [el("pre"), el("pre"), el("pre", { class: "answer", role: "status", hidden: true })];
  const form = el("form", { class: "try" },
    ...parameters(operation),
    body && el("label", {}, "Body", body),
    file && el("label", {}, fileName, file),
    el("div", { class: "row" }, el("button", {}, "Send")),
    answer);
  const redraw = () => {
    const asked = { method, url: address(path, form), token: isOpen ? "" : token() || ANY_TOKEN, form: fileName };
    if (body) asked.body = compact(body.value);
    shell.textContent = curl(asked);
    script.textContent = js(asked);
  };
  form.addEventListener("input", redraw);
  document.querySelector("#token").addEventListener("input", redraw);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.hidden = false;
    answer.textContent = "…";
    answer.textContent = await ask(method, address(path, form), body?.value, file && [fileName, file.files[0]]);
  });
  redraw();
  return el("div", { class: "two" },
    el("div", {}, el("h3", {}, "Try it"), form),
    el("div", {}, el("h3", {}, "curl"), shell, el("h3", {}, "JavaScript"), script));
}

const compact = (text) => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
};

async function ask(method, url, json, upload) {
  const headers = token() ? { Authorization: `Token ${token()}` } : {};
  let body = json;
  if (upload) {
    body = new FormData();
    if (upload[1]) body.append(...upload);
  } else if (json !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(url, { method, headers, body, credentials: token() ? "omit" : "same-origin" });
    const kind = answer.headers.get("Content-Type") ?? "";
    const said = /json|text/.test(kind) ? show(await answer.text()) : kind && `${kind}, ${(await answer.blob()).size} bytes`;
    return `${answer.status} ${answer.statusText}\n\n${said}`;
  } catch (failure) {
    return `No answer: ${failure.message}`;
  }
}

export function socket(path, operation, schemas) {
  const frame = JSON.stringify(exampleOf(operation["x-websocket"][0].client, schemas));
  const [log, script] = [el("pre", { class: "answer", role: "log" }), el("pre")];
  const box = el("textarea", { name: "frame", spellcheck: "false" }, frame);
  const send = el("button", { type: "button", disabled: true }, "Send");
  const form = el("form", { class: "try" },
    ...parameters(operation),
    el("div", { class: "row" }, el("button", {}, "Connect")),
    el("label", {}, "Frame", box),
    el("div", { class: "row" }, send),
    log);
  const url = () => {
    const at = new URL(address(path, form).replace(/^http/, "ws"));
    if (token()) at.searchParams.set("token", token());
    return at.href;
  };
  const redraw = () => { script.textContent = socketJs(url(), box.value); };
  const tell = (mark, text) => {
    log.append(el("div", {}, `${mark} ${text}`));
    if (log.childElementCount > MOST_FRAMES) log.firstChild.remove();
    log.scrollTop = log.scrollHeight;
  };
  let open;
  form.addEventListener("input", redraw);
  document.querySelector("#token").addEventListener("input", redraw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    open?.close();
    const mine = open = new WebSocket(url());
    mine.onopen = () => { send.disabled = false; tell("·", "open"); };
    mine.onmessage = ({ data }) => tell("←", data);
    mine.onclose = ({ code }) => {
      tell("·", `closed with ${code}`);
      if (mine === open) send.disabled = true;
    };
  });
  send.addEventListener("click", () => { open.send(box.value); tell("→", box.value); });
  redraw();
  return el("div", { class: "two" },
    el("div", {}, el("h3", {}, "Connect and send"), form),
    el("div", {}, el("h3", {}, "JavaScript"), script));
}
