// Joins the parts: the state, the API, the room's socket, and the views.
import { Refusal, createApi, isPassing } from './api.js';
import { createConversation } from './conversation.js';
import { words } from './forms.js';
import { createRooms } from './rooms.js';
import { createSignin } from './signin.js';
import { openSocket } from './socket.js';
import { caughtUp, createStore, nothing, withEarlier, withMessage, withoutMessage } from './state.js';

const PAGE = 50; // messages
const TRY_AGAIN = 3_000; // ms

const store = createStore(nothing);
let token = localStorage.getItem('token');
let api = createApi(token);
let socket = null;
let flushing = false;

const signin = createSignin(createApi(null), ({ token: fresh }) => {
  localStorage.setItem('token', fresh);
  token = fresh;
  start();
});
createRooms(store, { join: (room) => guarded(() => join(room)), make });
const conversation = createConversation(store, {
  send,
  leave: () => guarded(leave),
  earlier: () => guarded(loadEarlier),
});

document.querySelector('#signout').addEventListener('click', async () => {
  await api.logout().catch(() => {}); // a token that has died already is no reason to stay
  signOut(null);
});
window.addEventListener('hashchange', () => guarded(showRoom));
window.addEventListener('focus', () => store.get().me && guarded(refreshRooms));
start();

async function start() {
  if (!token) return show('signin');
  api = createApi(token);
  await guarded(async () => {
    store.set({ me: await untilItPasses(api.me) });
    show('app');
    await refreshRooms();
    await showRoom();
  });
}

function show(view) {
  for (const id of ['signin', 'app']) document.getElementById(id).hidden = id !== view;
}

function signOut(reason) {
  closeRoom();
  token = null;
  localStorage.removeItem('token');
  store.set(nothing);
  show('signin');
  signin.show(reason);
}

// Whatever the server refuses is said in its words; a dead session ends here.
async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (error.status === 401) signOut(error);
    else if (isPassing(error) && store.get().link) return; // said already
    else if (store.get().room) conversation.refuse(error);
    else document.querySelector('#refused').textContent = words(error);
  }
}

async function refreshRooms() {
  const [mine, open] = await Promise.all([api.myRooms(), api.publicRooms()]);
  store.set({ mine, open });
}

async function make(room) {
  const made = await api.makeRoom(room);
  await refreshRooms();
  location.hash = `room-${made.id}`;
}

async function join(room) {
  await api.join(room.id);
  await refreshRooms();
  location.hash = `room-${room.id}`;
}

async function leave() {
  await api.leave(store.get().room.id);
  location.hash = '';
  await refreshRooms();
}

function closeRoom() {
  socket?.close();
  socket = null;
  store.set({ room: null, messages: [], hasEarlier: false, link: '' });
}

// The address says which room is open, so that Back, reload and links work.
async function showRoom() {
  const id = Number(/^#room-(\d+)$/.exec(location.hash)?.[1]);
  closeRoom();
  document.querySelector('#refused').textContent = '';
  if (!id || !token) return;
  const room = store.get().mine.find((each) => each.id === id) ?? (await api.room(id));
  if (location.hash !== `#room-${id}`) return; // somebody was quicker
  store.set({ room, link: 'Connecting …' });
  document.querySelector('#room-name').focus();
  socket = openSocket(id, token, {
    opened: () => guarded(() => untilItPasses(() => catchUp(id))),
    frame: (type, data) => heard(type, data),
    lost: () => store.set({ link: 'Not connected. Trying again …' }),
    ended: (code) => guarded(() => thrownOut(code)),
  });
}

// The socket is open already when the newest page is read: nothing that is
// said between the two can be missed.
async function catchUp(id) {
  const page = await api.messages(id, 1, PAGE);
  const { room, messages, hasEarlier } = store.get();
  if (room?.id !== id) return;
  const kept = caughtUp(messages, page.results);
  const reachesFurther = kept[0]?.id < page.results.at(-1)?.id;
  store.set({ messages: kept, hasEarlier: reachesFurther ? hasEarlier : page.next !== null, link: '' });
  flush();
}

async function loadEarlier() {
  const { room, messages } = store.get();
  const page = await api.messages(room.id, Math.floor(messages.length / PAGE) + 1, PAGE);
  if (store.get().room?.id !== room.id) return;
  store.set({ messages: withEarlier(store.get().messages, page.results), hasEarlier: page.next !== null });
}

function heard(type, data) {
  const { messages } = store.get();
  if (type === 'chat_message') store.set({ messages: withMessage(messages, data), link: '' });
  else if (type === 'message_updated') store.set({ messages: withMessage(messages, data) });
  else if (type === 'message_deleted') store.set({ messages: withoutMessage(messages, data.id) });
  else if (type === 'user_joined' && data.scope !== 'call') store.set({ link: `${data.user.username} has joined.` });
  else if (type === 'error') conversation.refuse(new Refusal(0, data));
}

async function thrownOut(code) {
  location.hash = '';
  closeRoom();
  if (code === 4401) await api.me(); // answers 401, in the server's words
  await refreshRooms();
}

function send(content) {
  const { room, messages, unsent } = store.get();
  const item = { room: room.id, content, client_id: randomId(), after: messages.at(-1)?.id ?? 0 };
  store.set({ unsent: [...unsent, item] });
  flush();
}

// One after the other, in the order in which they were said. What cannot be
// sent now stays until it can.
async function flush() {
  if (flushing) return;
  flushing = true;
  while (store.get().unsent.length) await deliver(store.get().unsent[0]);
  flushing = false;
}

// A request whose answer got lost is sent again with the same `client_id`, so
// the server stores it once however often it comes.
async function deliver(item) {
  const { room: id, content, client_id } = item;
  let refused = null;
  let message = null;
  try {
    message = await untilItPasses(() => api.send(id, { content, client_id }));
  } catch (error) {
    refused = error;
  }
  const { room, messages, unsent } = store.get();
  if (!unsent.includes(item)) return; // signed out meanwhile
  store.set({ unsent: unsent.filter((other) => other !== item) });
  const isHere = room?.id === id;
  if (refused?.status === 401) signOut(refused);
  else if (refused) conversation.refuse(refused, isHere ? content : '');
  else if (isHere) store.set({ messages: withMessage(messages, message) });
}

// Tries again as long as there is hope and somebody is signed in.
async function untilItPasses(action) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isPassing(error) || !token) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN));
  }
}

// Not `randomUUID`, which browsers offer on https and localhost only.
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
