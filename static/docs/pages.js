// A page for each API: lines to copy, with one's own token, chat and a neighbour where they are known.
import { el } from "./dom.js";
import { socketJs } from "./sample.js";

const get = (to, path) => `curl -H 'Authorization: Token ${to.token}' '${to.base}${path}'`;
const post = (to, path, ...fields) =>
  `curl -H 'Authorization: Token ${to.token}' ${fields.map((field) => `-d '${field}' `).join("")}'${to.base}${path}'`;
const listen = (to, path) => `python3 -m websockets '${to.base.replace(/^http/, "ws")}${path}?token=${to.token}'`;

/** What each is for, and its lines: a name, what to run, and the frame to send where it is a socket. */
const APIS = {
  inbox: ["Messages between usernames.", (to) => [
    ["What was said with one person", get(to, `/api/messages/?user=${to.other}`)],
    ["Send a message", post(to, "/api/messages/", `receiver=${to.other}`, "content=Hello")],
    ["Listen, and send by typing a frame", listen(to, `/ws/chat/${to.other}/`), `/ws/chat/${to.other}/`, { message: "Hello" }],
  ]],
  messaging: ["Chats, reactions, read receipts, presence and catching up. The web client speaks it.", (to) => [
    ["Your chats", get(to, "/messages/api/chats/")],
    ["Send a message", post(to, `/messages/api/chats/${to.chat}/messages/`, "content=Hello")],
    ["Read what happens, without a socket", get(to, "/messages/api/events/").replace("curl", "curl -N")],
    ["Listen to all chats, and send by typing a frame", listen(to, "/messages/ws/"), "/messages/ws/",
      { type: "send_message", chat: Number(to.chat) || 1, content: "Hello" }],
  ]],
  directs: ["One-to-one chats, with their history when a socket opens.", (to) => [
    ["With whom one can talk", get(to, "/api/users/")],
    ["Open the chat with somebody", post(to, "/api/chats/create/", `user_id=${to.otherId}`)],
    ["Your chats, and their ids", get(to, "/api/chats/")],
    ["Listen to one, and send by typing a frame", listen(to, "/ws/chat/CHAT_ID/"), "/ws/chat/CHAT_ID/", { body: "Hello" }],
  ]],
  rooms: ["Rooms, files and call signalling.", (to) => [
    ["Your rooms", get(to, "/api/rooms/")],
    ["Send a message", post(to, `/api/rooms/${to.chat}/messages/`, "content=Hello")],
    ["Send a file", `curl -H 'Authorization: Token ${to.token}' -F 'file=@cat.png' '${to.base}/api/files/upload/'`],
    ["Listen to one, and send by typing a frame", listen(to, `/ws/room/${to.chat}/`), `/ws/room/${to.chat}/`,
      { type: "chat_message", data: { content: "Hello" } }],
  ]],
  messenger: ["JWTs, profiles, friends, posts and chat rooms that are called by two usernames.", (to) => [
    ["A pair of JWTs, for clients that want one", `curl -d 'username=${to.me}' -d 'password=PASSWORD' '${to.base}/accounts/api/token/'`],
    ["Open the room with somebody, once: after that it says that there is one", post(to, "/messenger/api/chatrooms/", `recipient=${to.other}`)],
    ["Your rooms, and their names", get(to, "/messenger/api/chatrooms/")],
    ["Send a message", post(to, `/messenger/api/chatrooms/${to.pair}/messages/`, "content=Hello")],
    ["Listen, and send by typing a frame", listen(to, `/messenger/ws/ws/chat/${to.pair}/`), `/messenger/ws/ws/chat/${to.pair}/`, { message: "Hello" }],
  ]],
};

export const NAMES = Object.keys(APIS);

/** A line and a button that copies it, where the browser lets a page do that. */
export function line(text, name) {
  const copy = navigator.clipboard && el("button", { type: "button", class: "quiet", "aria-label": `Copy: ${name}` }, "Copy");
  copy?.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  return el("div", { class: "line" }, el("pre", { tabindex: "0" }, text), copy);
}

export function page(name, to) {
  const [about, lines] = APIS[name];
  const at = { ...to, base: `${to.root}/d/${name}` };
  return [
    el("h2", {}, name),
    el("p", {}, `${about} All of it is at `, el("code", {}, at.base), ", and listed below."),
    ...lines(at).flatMap(([title, command, socket, frame]) => [
      el("h3", {}, title),
      line(command, title),
      ...(socket ? [el("p", {}, "The frame:"), line(JSON.stringify(frame), `frame, ${title}`),
        el("h3", {}, "The same in JavaScript"),
        line(socketJs(`${at.base.replace(/^http/, "ws")}${socket}?token=${at.token}`, JSON.stringify(frame)), `JavaScript, ${title}`)] : []),
    ]),
  ];
}
