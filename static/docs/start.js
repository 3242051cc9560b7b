// The first steps, as commands that can be pasted: with one's own token, where one is signed in.
import { el } from "./dom.js";

const ROOT = new URL("..", import.meta.url).href.replace(/\/$/, "");
const box = document.querySelector("#token");

export async function start(place) {
  const { key } = await import("../js/kept.js");
  const theme = localStorage.getItem(key("theme"));
  if (theme) document.documentElement.dataset.theme = theme;
  const own = localStorage.getItem(key("token"));
  if (own && !box.value) box.value = own;
  const about = el("p");
  const steps = [
    ["Your chats", (token) => `curl -H 'Authorization: Token ${token}' ${ROOT}/messages/api/chats/`],
    ["Say something, once, however often it is sent", (token) => `curl -H 'Authorization: Token ${token}' -H 'Idempotency-Key: a-key-of-yours' \\\n  -d 'content=Hello' ${ROOT}/messages/api/chats/CHAT/messages/`],
    ["Listen, in a browser or in Node 22", (token) => `import { connect } from '${ROOT}/fireside.js';\nconst fireside = connect({ url: '${ROOT}', token: '${token}' });\nfireside.on('new_message', ({ chat, message }) => console.log(chat, message.content));`],
  ].map(([name, sample]) => ({ sample, code: el("pre", { tabindex: "0" }), name }));
  const draw = () => {
    const token = box.value.trim();
    about.textContent = token
      ? "The commands below are signed in as you: keep them to yourself."
      : "Sign in on the start page of this server and come back, or put a token into the box above.";
    for (const { sample, code } of steps) code.textContent = sample(token || "YOUR_TOKEN");
  };
  box.addEventListener("input", draw);
  place.replaceChildren(el("h2", {}, "Start"), about, ...steps.flatMap(({ name, code }) => [el("h3", {}, name), code]));
  draw();
}
