// What was last seen, kept in this browser for whoever opens the page without a server: the
// chats, and the newest messages of those that were open. It belongs to the token that it was
// seen with, and goes when that one does. Insecure addresses have no place to keep it in.
import { HOME } from '../fireside.js';
import { key } from './kept.js';
import { sortedChats } from './state.js';

const PLACE = `${HOME}/seen`; // an address for it; the server has nothing there
const CHATS = 200;
const LOGS = 20; // chats with their messages
const MESSAGES = 50; // of each
const MOST = 2_000_000; // characters in all
const AGE = 7 * 86_400_000; // ms after which the messages are too old to be caught up with
const EVERY = 2_000; // ms between two times that it is kept

// What the store then begins with, and the `seq` from which the rest is asked for.
export async function recall(token) {
  try {
    const found = await (await caches.open(key('seen'))).match(PLACE);
    const { of, at, seq, state } = await found.json();
    if (of !== await digest(token)) return null;
    return Date.now() - at > AGE ? { state: { ...state, logs: {} }, seq: null } : { state, seq };
  } catch {
    return null; // nothing, or nowhere
  }
}

// `caughtUp()` is the `seq` up to which everything was told, or null.
export function remember(store, token, { caughtUp, signal }) {
  if (!globalThis.caches) return;
  let timer = null;
  let saved;
  const isNew = ({ me, chats, logs }) => me !== saved?.me || chats !== saved.chats || logs !== saved.logs;
  const later = () => { if (isNew(store.get())) timer ??= setTimeout(save, EVERY); };
  const end = store.subscribe(later);
  const now = () => { if (document.hidden && isNew(store.get())) save(); };
  document.addEventListener('visibilitychange', now, { signal });
  signal.addEventListener('abort', () => { end(); clearTimeout(timer); });
  later();

  async function save() {
    clearTimeout(timer);
    timer = null;
    const state = store.get();
    const seq = caughtUp();
    if (seq === null) return;
    saved = state;
    const text = JSON.stringify({ of: await digest(token), at: Date.now(), seq, state: excerpt(state) });
    const cache = await caches.open(key('seen'));
    if (!signal.aborted) await cache.put(PLACE, new Response(text));
    if (signal.aborted) await caches.delete(key('seen')); // signed out meanwhile
  }
}

function excerpt(state) {
  const { me, logs, reads } = state;
  const newest = sortedChats(state).slice(0, CHATS);
  const opened = newest.filter(({ id }) => logs[id]?.loaded && !logs[id].hasLater).slice(0, LOGS);
  for (;;) {
    const chats = Object.fromEntries(newest.map((chat) => [chat.id, chat]));
    const kept = Object.fromEntries(opened.map(({ id }) => [id, { ...logs[id], messages: logs[id].messages.slice(-MESSAGES), hasEarlier: logs[id].hasEarlier || logs[id].messages.length > MESSAGES, failed: false }]));
    const found = { me, chats, listed: true, logs: kept, reads };
    if (JSON.stringify(found).length <= MOST || !newest.length) return found;
    if (!opened.pop()) newest.length = Math.floor(newest.length / 2);
  }
}

async function digest(token) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
