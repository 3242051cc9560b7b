// What a throwaway server does, as it does it: requests, frames and deliveries of hooks.
import { el } from "./dom.js";

const MOST = 200;
const KINDS = { request: "Requests", frame: "Frames", delivery: "Deliveries" };

function about(event) {
  const who = event.user ? ` · user ${event.user}` : "";
  switch (event.type) {
    case "request": return [`${event.method} ${event.path}`, `${event.status} · ${event.ms} ms${who}`];
    case "frame": return [`${event.way === "in" ? "→" : "←"} ${event.api}${who}`, event.text];
    case "delivery": return [`hook ${event.hook}: ${event.event}`, `${event.status ?? event.error} · ${event.ms} ms`];
    default: return ["…", `${event.count} more were too fast for this page`];
  }
}

/** Shows them in `place` until the function is called that it returns. */
export function live(place, root) {
  const list = el("div", { class: "live", role: "log", "aria-label": "What happens", tabindex: "0" });
  const state = el("p", { role: "status" }, "Connecting…");
  const boxes = Object.entries(KINDS).map(([kind, name]) => {
    const box = el("input", { type: "checkbox", checked: true });
    box.addEventListener("input", () => list.classList.toggle(`no-${kind}`, !box.checked));
    return el("label", { class: "check" }, box, name);
  });
  const clear = el("button", { type: "button", class: "quiet" }, "Clear");
  clear.addEventListener("click", () => list.replaceChildren());
  place.replaceChildren(el("h2", {}, "Live"),
    el("p", {}, "Everything that programs ask of this server now, and what it says on sockets. → is to the server."),
    el("div", { class: "row" }, boxes, clear), state, list);
  const source = new EventSource(`${root}/_dev/events/`);
  source.onopen = () => { state.textContent = "Listening."; };
  source.onerror = () => { state.textContent = "The server does not answer; this page tries again."; };
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    const [head, text] = about(event);
    const isLow = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(el("div", { class: event.type }, el("b", {}, head), el("code", {}, text)));
    if (list.childElementCount > MOST) list.firstChild.remove();
    if (isLow) list.scrollTop = list.scrollHeight;
  };
  return () => source.close();
}
