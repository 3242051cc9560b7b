// The first steps, as commands that can be pasted, with one's own token where one is signed in, and a page for each API.
import { el } from "./dom.js";
import { live } from "./live.js";
import { line, NAMES, page } from "./pages.js";

const ROOT = new URL("..", import.meta.url).href.replace(/\/$/, "");
const box = document.querySelector("#token");
const dialect = document.querySelector("#dialect");
/** Whom a throwaway server has unless it began with an export. */
const SOMEBODY = "alice";

async function ask(path, token, body) {
  const headers = token ? { Authorization: `Token ${token}` } : {};
  const answer = await fetch(`${ROOT}${path}`, { method: body ? "POST" : "GET", headers, body, credentials: "omit" });
  return answer.ok ? answer.json() : null;
}

/** Who the token's owner is, a chat of theirs and somebody in it, as far as the server says. */
async function known(token) {
  const nobody = { me: "USERNAME", other: "bob", otherId: "USER_ID", chat: "CHAT_ID", pair: "ROOM_NAME" };
  const [me, chats] = token ? await Promise.all([ask("/api/auth/me/", token), ask("/messages/api/chats/?page_size=1", token)]) : [];
  if (!me) return nobody;
  const chat = chats?.results[0];
  const other = chat?.members.find(({ id }) => id !== me.id);
  const pair = other && [me.username, other.username].sort().join("_");
  return { ...nobody, me: me.username, ...(chat && { chat: chat.id }), ...(other && { other: other.username, otherId: other.id, pair }) };
}

const steps = (to) => [
  ["Your chats", `curl -H 'Authorization: Token ${to.token}' ${ROOT}/messages/api/chats/`],
  ["Say something, once, however often it is sent", `curl -H 'Authorization: Token ${to.token}' -H 'Idempotency-Key: a-key-of-yours' \\\n  -d 'content=Hello' ${ROOT}/messages/api/chats/${to.chat}/messages/`],
  ["Listen, in a browser or in Node 22", `import { connect } from '${ROOT}/fireside.js';\nconst fireside = connect({ url: '${ROOT}', token: '${to.token}' });\nfireside.on('new_message', ({ chat, message }) => console.log(chat, message.content));`],
];

function first(to, isDev) {
  const own = "The commands below are signed in as you: keep them to yourself.";
  const about = isDev && to.me === SOMEBODY ? "The commands below are signed in as alice of this throwaway server." : own;
  return [
    el("h2", {}, "Start"),
    el("p", {}, box.value.trim() ? about : "Sign in on the start page of this server and come back, or put a token into the box above."),
    ...steps(to).flatMap(([name, text]) => [el("h3", {}, name), line(text, name)]),
  ];
}

export async function start(place) {
  const { key } = await import("../js/kept.js");
  const theme = localStorage.getItem(key("theme"));
  if (theme) document.documentElement.dataset.theme = theme;
  const own = localStorage.getItem(key("token"));
  if (own && !box.value) box.value = own;
  let [to, isDev, end, drawn] = [await known(""), false, undefined, 0];
  const name = () => location.hash.slice(1);
  const draw = () => {
    end?.();
    end = undefined;
    for (const link of document.querySelectorAll("#pages a")) {
      const isHere = link.hash.slice(1) === (NAMES.includes(name()) || (isDev && name() === "live") ? name() : "start");
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const shown = { ...to, root: ROOT, token: box.value.trim() || "YOUR_TOKEN" };
    if (isDev && name() === "live") end = live(place, ROOT);
    else place.replaceChildren(...(NAMES.includes(name()) ? page(name(), shown) : first(shown, isDev)));
  };
  const turn = () => {
    draw();
    const wanted = NAMES.includes(name()) ? name() : "";
    if (NAMES.includes(name()) || ["start", "live"].includes(name())) {
      dialect.value = wanted;
      dialect.dispatchEvent(new Event("input"));
    }
  };
  const askAgain = async () => {
    const mine = drawn += 1;
    const found = await known(box.value.trim()).catch(() => to);
    if (mine === drawn) { to = found; draw(); }
  };
  addEventListener("hashchange", turn);
  box.addEventListener("input", draw);
  box.addEventListener("change", askAgain);
  draw();
  isDev = (await ask("/api/server/").catch(() => null))?.dev ?? false;
  document.querySelector("#pages [hidden]").hidden = !isDev;
  if (isDev && !box.value) box.value = (await ask("/_dev/token/", "", new URLSearchParams({ username: SOMEBODY })))?.token ?? "";
  if (box.value) {
    box.dispatchEvent(new Event("input"));
    await askAgain();
  } else draw();
  return turn;
}
