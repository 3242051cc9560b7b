// What was last seen, kept in this browser and shown at once when the page is opened, with or
// without a server: the chats, and the newest messages of those talked in last. It belongs to the
// token that it was seen with, and goes when that one does. Pages of insecure addresses keep nothing.
import { language } from './i18n.js';
import { key } from './kept.js';
import { sortedChats } from './state.js';

const CHATS = 200; // lines of the list of chats
const LOGS = 20; // chats with their messages
const MESSAGES = 50; // of each
const MOST = 100_000; // characters of one chat's messages
const AGE = 7 * 86_400_000; // ms after which the messages are too old to be caught up with
const EVERY = 2_000; // ms between two times that it is kept
const PAUSE = 500; // ms between two chats whose messages are fetched ahead
const TRIES = 3; // of each

const NAME = key('seen');
const SIGN = key('kept'); // says that there is something to be read

// What the store then begins with, and the `seq` from which the rest is asked for.
export async function recall(token) {
  const [head, logs] = await within('readonly', (heads, kept) => Promise.all([got(heads.get('head')), got(kept.getAll())]));
  if (head?.of !== await digest(token)) return void await erase();
  const isOld = Date.now() - head.at > AGE;
  const shown = isOld ? [] : logs.filter(({ chat }) => head.state.chats[chat]);
  return { seq: isOld ? null : head.seq, state: { ...head.state, logs: Object.fromEntries(shown.map(({ chat, log }) => [chat, log])) } };
}

export function erase() {
  localStorage.removeItem(SIGN);
  return got(indexedDB.deleteDatabase(NAME));
}

// `caughtUp()` is the `seq` up to which everything was told, or null.
export function remember(store, token, { caughtUp, signal }) {
  if (!globalThis.isSecureContext || !globalThis.indexedDB) return;
  const by = Math.random(); // which of several pages it was
  const kept = new Map(); // by chat: the log as it was kept
  let timer = null;
  let saved;
  const isNew = ({ me, chats, logs }) => me !== saved?.me || chats !== saved.chats || logs !== saved.logs;
  const later = () => { if (isNew(store.get())) timer ??= setTimeout(save, EVERY); };
  const end = store.subscribe(later);
  const now = () => { if (document.hidden && isNew(store.get())) save(); };
  document.addEventListener('visibilitychange', now, { signal });
  signal.addEventListener('abort', () => { end(); clearTimeout(timer); });
  later();

  // Another page may have signed out, and this one not heard of it yet.
  const isMine = () => !signal.aborted && localStorage.getItem(key('token')) === token;

  async function save() {
    clearTimeout(timer);
    timer = null;
    const state = store.get();
    const seq = caughtUp();
    if (seq === null) return;
    saved = state;
    const { head, logs } = excerpt(state);
    const of = await digest(token);
    if (!isMine()) return;
    try {
      await within('readwrite', async (heads, places) => {
        // What another page has kept is older or newer than this page knows: all is kept anew.
        if ((await got(heads.get('head')))?.by !== by) { places.clear(); kept.clear(); }
        for (const chat of [...kept.keys()]) if (!logs.has(chat)) { places.delete(chat); kept.delete(chat); }
        for (const [chat, log] of logs) {
          if (kept.get(chat) === log) continue;
          places.put({ chat, log: shortened(log) }, chat);
          kept.set(chat, log);
        }
        heads.put({ by, of, at: Date.now(), seq, language, state: head }, 'head');
      });
      if (isMine()) localStorage.setItem(SIGN, '1');
    } catch {
      kept.clear();
      await erase().catch(() => {}); // there is no room for it, or it is broken: the next time, it is made anew
    }
    if (!isMine()) await erase();
  }
}

function excerpt(state) {
  const { me, logs, reads } = state;
  const newest = sortedChats(state).slice(0, CHATS);
  const opened = newest.slice(0, LOGS).filter(({ id }) => logs[id]?.loaded && !logs[id].hasLater);
  const head = { me, reads, listed: true, chats: Object.fromEntries(newest.map((chat) => [chat.id, chat])) };
  return { head, logs: new Map(opened.map(({ id }) => [id, logs[id]])) };
}

function shortened(log) {
  let messages = log.messages.slice(-MESSAGES);
  while (messages.length > 1 && JSON.stringify(messages).length > MOST) messages = messages.slice(messages.length / 2);
  return { ...log, messages, hasEarlier: log.hasEarlier || messages.length < log.messages.length, unreadFrom: null, failed: false };
}

// Fetches what has not been looked at here, one chat after the other.
export async function fetchAhead(store, api, signal) {
  if (!globalThis.isSecureContext || navigator.connection?.saveData) return;
  for (const { id } of sortedChats(store.get()).slice(0, LOGS)) {
    for (let tries = 0; tries < TRIES && store.get().chats[id] && !store.get().logs[id]?.loaded; tries += 1) {
      await new Promise((done) => { setTimeout(done, PAUSE); });
      if (signal.aborted) return;
      const { seq } = store.get();
      const { results, next } = await api.history(id, '');
      // What was changed while they were under way may be missing.
      if (!signal.aborted && store.get().seq === seq) store.tell({ type: 'history', chat: id, messages: results, part: 'ahead', more: next !== null });
    }
  }
}

// --- The database: one record of the list of chats, and one of each chat's messages.
async function within(mode, act) {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => ['head', 'logs'].forEach((name) => asked.result.createObjectStore(name));
  const database = await got(asked);
  database.onversionchange = () => database.close(); // another page erases it
  try {
    const transaction = database.transaction(['head', 'logs'], mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [found] = await Promise.all([act(transaction.objectStore('head'), transaction.objectStore('logs')), done]);
    return found;
  } finally {
    database.close();
  }
}

function got(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function digest(token) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
