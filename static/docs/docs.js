// The page: the operations of /openapi.json by dialect, those that the search finds.
// What stands inside of one is made when it is opened.

import { el } from "./dom.js";
import { typeOf } from "./shape.js";
import { start } from "./start.js";
import { request, socket } from "./try.js";

const place = document.querySelector("#operations");
const search = document.querySelector("#search");
const dialect = document.querySelector("#dialect");

function inside(path, method, operation, schemas) {
  const shape = (schema) => el("pre", {}, typeOf(schema, schemas));
  const parts = [];
  if (operation.description) parts.push(el("p", {}, operation.description));
  if (operation["x-rate-limit"]) parts.push(el("p", {}, `Counted by the limit “${operation["x-rate-limit"]}”.`));
  if (!operation.security?.length) parts.push(el("p", {}, "For everybody, signed in or not."));
  if (operation.parameters) {
    const each = operation.parameters.flatMap((one) => [
      el("dt", {}, `${one.name} (${one.in}): ${typeOf(one.schema, schemas)}`),
      el("dd", {}, one.description ?? one.schema.description ?? ""),
    ]);
    parts.push(el("h3", {}, "Parameters"), el("dl", {}, each));
  }
  for (const [kind, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push(el("h3", {}, `Body as ${kind}`), shape(schema));
  }
  for (const [status, { description, content }] of Object.entries(operation.responses)) {
    const schema = content?.["application/json"]?.schema;
    parts.push(el("h3", {}, `${status}: ${description}`), schema && shape(schema));
  }
  for (const { dialect: name, client, server } of operation["x-websocket"] ?? []) {
    parts.push(el("h3", {}, `Frames to the server (${name})`), shape(client));
    parts.push(el("h3", {}, `Frames from the server (${name})`), shape(server));
  }
  parts.push(operation["x-websocket"] ? socket(path, operation, schemas) : request(method, path, operation, schemas));
  return el("div", { class: "inside" }, parts);
}

function row(path, method, operation, schemas) {
  const shown = operation["x-websocket"] ? "WS" : method;
  const details = el("details", { id: operation.operationId },
    el("summary", {}, el("b", { class: "method" }, shown), el("code", {}, path), el("span", {}, operation.summary)));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(inside(path, method, operation, schemas));
  });
  const words = `${shown} ${path} ${operation.summary} ${operation.description ?? ""}`.toLowerCase();
  return { details, words, tags: operation.tags };
}

function draw({ paths, tags, components }) {
  const rows = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => row(path, method.toUpperCase(), operation, components.schemas)));
  dialect.append(...tags.map(({ name }) => el("option", { value: name }, name)));
  const sections = tags.map(({ name }) => {
    const mine = rows.filter(({ tags: [first] }) => first === name);
    return { rows: mine, section: el("section", {}, el("h2", {}, name), mine.map(({ details }) => details)) };
  });
  const none = el("p", { class: "none", hidden: true }, "Nothing of the kind.");
  place.replaceChildren(...sections.map(({ section }) => section), none);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of rows) {
      const isMeant = !dialect.value || one.tags.includes(dialect.value);
      one.details.hidden = !(isMeant && words.every((word) => one.words.includes(word)));
    }
    for (const { rows: mine, section } of sections) section.hidden = mine.every(({ details }) => details.hidden);
    none.hidden = rows.some(({ details }) => !details.hidden);
  };
  search.addEventListener("input", filter);
  dialect.addEventListener("input", filter);
  search.form.addEventListener("submit", (event) => event.preventDefault());
  const meant = document.getElementById(location.hash.slice(1));
  if (meant?.matches("details")) {
    meant.open = true;
    meant.scrollIntoView();
  }
}

const turn = start(document.querySelector("#start"));
try {
  const answer = await fetch(new URL("../openapi.json", import.meta.url));
  if (!answer.ok) throw new Error(`${answer.status}`);
  draw(await answer.json());
  (await turn)();
} catch (failure) {
  place.replaceChildren(el("p", { role: "alert" }, `The document did not come: ${failure.message}`));
}
