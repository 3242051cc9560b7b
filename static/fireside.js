// Fireside for JavaScript: chats that survive a lost connection. No dependencies.
//
//   import { connect } from 'http://127.0.0.1:8000/fireside.js';
//   const fireside = connect({ url: 'http://127.0.0.1:8000', token });
//   fireside.on('new_message', ({ chat, message }) => console.log(message.content));
//   await fireside.send(chat, 'Hello'); // stored once, whatever the line does
//
// A page of another origin needs `fireside serve --dev`, or `--cors-origin`. Node has
// a WebSocket of its own from version 22; before, hand one over: `connect({ …, WebSocket })`.

const FIRST_WAIT = 500; // ms, before a lost socket is opened again
const FIRST_RETRY = 100; // ms, before a request is tried again
const LONGEST_WAIT = 20_000;
const STEADY_AFTER = 2_000; // a connection that held so long has proved itself
const ANSWER_WITHIN = 10_000; // ms: a line that died without a word answers nothing, ever
const SILENCE = 20_000; // between two pings of ours
const DEAD_AFTER = 8_000; // without an answer to one
const PASSING = [429, 502, 503, 504];
const ENDS = [4401, 4403, 4404]; // close codes after which there is no point

/** Where this module came from, and so where its server is: origin and base path. Of a copy, nothing. */
export const HOME = /^https?:/.test(import.meta.url) ? new URL('.', import.meta.url).href.slice(0, -1) : '';

/** What the server refuses: its words, the status, its `code` if it has one, and `details` by field. */
export class Refusal extends Error {
  constructor(status, body, retryAfter = 0) {
    const { message, detail, details, error, ...rest } = body ?? {};
    super(message ?? detail ?? error ?? `${status}`);
    this.status = status;
    this.code = /^[a-z_]+$/.test(error ?? '') ? error : '';
    this.details = details ?? (body && !message && !detail && !error ? rest : {});
    this.retryAfter = retryAfter;
  }
}

/** Whether nobody is to blame, so that the same request may succeed in a while. */
export function isPassing(error) {
  return error instanceof TypeError || PASSING.includes(error.status);
}

// Not `randomUUID`, which browsers offer on https and localhost only.
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// Longer each time, and never the same for two clients: when a server restarts,
// they must not all come back at once.
function wait(tries, first) {
  const most = Math.min(LONGEST_WAIT, first * 2 ** tries);
  return most / 2 + Math.random() * (most / 2);
}

/** Requests as JSON, signed with a token; a refusal is thrown. */
export function createCaller(token, base = '', more = {}) {
  const headers = token ? { ...more, Authorization: `Token ${token}` } : more;

  async function ask(method, path, body, signal) {
    const response = await fetch(base + path, {
      signal,
      method,
      headers: body ? { ...headers, 'Content-Type': 'application/json' } : headers,
      body: body && JSON.stringify(body),
      credentials: 'same-origin', // a proxy may ask for a cookie of its own
    });
    if (response.ok) return response;
    throw new Refusal(response.status, await response.json().catch(() => null), Number(response.headers.get('Retry-After')) || 0);
  }
  async function call(method, path, body) {
    try {
      const response = await ask(method, path, body, AbortSignal.timeout(ANSWER_WITHIN));
      const text = await response.text(); // fails where it is cut off, and then it is asked again
      return text ? JSON.parse(text) : null;
    } catch (error) {
      throw error.name === 'TimeoutError' ? new TypeError('no answer') : error;
    }
  }
  const get = (path) => call('GET', path);

  // All pages of a list, one after the other; `asks` may have more patience than one try.
  async function everyPage(path, asks = get) {
    const all = [];
    for (let page = 1; ; page += 1) {
      const { results, next } = await asks(`${path}${path.includes('?') ? '&' : '?'}page_size=100&page=${page}`);
      all.push(...results);
      if (!next) return all;
    }
  }
  return { ask, call, get, everyPage, post: (path, body) => call('POST', path, body) };
}

/** What can be done with chats and messages, a request each, tried once. */
export function chatCalls({ get, post, call, everyPage }) {
  const chat = (id) => `/messages/api/chats/${id}/`;
  const message = (id) => `/messages/api/messages/${id}/`;
  return {
    chats: (asks) => everyPage('/messages/api/chats/', asks),
    chat: (id) => get(chat(id)),
    history: (id, query = '') => get(`${chat(id)}messages/${query}`),
    send: (id, wish) => post(`${chat(id)}messages/`, wish),
    message: (id) => get(message(id)),
    edit: (id, content) => call('PATCH', message(id), { content }),
    remove: (id) => call('DELETE', message(id)),
    react: (id, emoji) => post(`${message(id)}reactions/`, { emoji }),
    markRead: (id, last) => post(`${chat(id)}mark-as-read/`, { message_id: last }),
  };
}

/** Tries something until it succeeds or is refused; `wake` when the line is back. */
export function createPatience() {
  const waiting = new Set();
  let over = null;
  const pause = (ms) => new Promise((resolve) => {
    const done = () => { clearTimeout(timer); waiting.delete(done); resolve(); };
    const timer = setTimeout(done, ms);
    waiting.add(done);
  });
  const wake = () => { for (const done of [...waiting]) done(); };
  return {
    wake,
    stop(reason) { over ??= reason; wake(); },
    async attempt(action) {
      for (let tries = 0; ; tries += 1) {
        if (over) throw over;
        try {
          return await action();
        } catch (error) {
          if (!isPassing(error)) throw error;
          await pause(Math.max(wait(tries, FIRST_RETRY), error.retryAfter * 1000 || 0));
        }
      }
    },
  };
}

// One socket that comes back by itself. Calls `frame(frame)`, `lost()` (it will try
// again) and `ended(code)` (there is no point). `address()` is asked anew each time.
export function openLine(address, token, { opened, frame, lost, ended }, Socket = globalThis.WebSocket) {
  let socket;
  let timer;
  let pinger;
  let deadline;
  let tries = 0;
  let closed = false;

  function connect() {
    clearTimeout(timer);
    clearTimeout(deadline);
    const url = new URL(address());
    url.protocol = url.protocol.replace('http', 'ws');
    // The token goes as a subprotocol, for addresses end up in logs.
    const mine = new Socket(url, ['token', token]);
    socket = mine;
    let since = Infinity;
    deadline = setTimeout(giveUp, ANSWER_WITHIN); // browsers wait for minutes
    mine.onopen = () => {
      if (socket !== mine) return;
      clearTimeout(deadline);
      since = Date.now();
      pinger = setInterval(ping, SILENCE);
      opened?.();
    };
    mine.onmessage = ({ data }) => {
      clearTimeout(deadline);
      if (!closed && socket === mine && since !== null) frame(JSON.parse(data));
    };
    // The close comes right behind, but not in every Node when the handshake was refused.
    mine.onerror = () => setTimeout(over, 50, { code: 1006 });
    mine.onclose = over;
    function over({ code }) {
      if (socket !== mine || since === null) return;
      clearInterval(pinger);
      clearTimeout(deadline);
      if (closed) return;
      if (ENDS.includes(code)) { stop(); return void ended(code); }
      if (Date.now() - since > STEADY_AFTER) tries = 0;
      since = null; // over once is enough
      lost();
      timer = setTimeout(connect, wait(tries, FIRST_WAIT));
      tries += 1;
    }
  }

  // A line can die without a word: a laptop sleeps, a network changes.
  function ping() {
    if (!send({ type: 'ping' })) return;
    clearTimeout(deadline);
    deadline = setTimeout(giveUp, DEAD_AFTER);
  }

  function giveUp() {
    const dead = socket;
    dead.close();
    dead.onclose({ code: 1006 });
  }

  function send(content) {
    if (socket.readyState !== 1) return false;
    socket.send(JSON.stringify(content));
    return true;
  }

  // No use in waiting on when the network or the reader has just come back.
  function hurry() {
    if (closed || globalThis.document?.hidden) return;
    if (socket.readyState === 3) connect(); // it waits for its next try
    else ping();
  }

  function stop() {
    closed = true;
    clearTimeout(timer);
    globalThis.removeEventListener?.('online', hurry);
    globalThis.document?.removeEventListener('visibilitychange', hurry);
  }

  globalThis.addEventListener?.('online', hurry);
  globalThis.document?.addEventListener('visibilitychange', hurry);
  connect();
  return { send, ping, hurry, close() { stop(); clearInterval(pinger); clearTimeout(deadline); socket.close(); } };
}

// The socket on all chats, without gaps: after a break it asks for what it missed, and
// tells each message once. A break amid the catching up is the hard case: `since` only
// moves when all was told, and what was told by then is left out the next time.
export function openFeed({ base, token, since = null, WebSocket }, { frame, lost, ended, live }) {
  const told = new Map(); // by message: the number of its last change that was told
  let newest = since ?? 0;
  let catching = false;

  function heard(event) {
    const { type, seq } = event;
    if (type === 'hello') {
      newest = Math.max(newest, seq);
      if (since === null) since = seq; // nothing was missed by whoever is new
      catching = true;
      line.ping(); // the answer comes after all that was missed
    } else if (type === 'pong') {
      if (catching) {
        since = newest;
        told.clear();
        catching = false;
        live?.();
      }
      return;
    } else if (seq) {
      newest = Math.max(newest, seq);
      if (!catching) since = newest;
      else {
        const id = event.message_id ?? event.message.id;
        if (told.get(id) >= seq) return;
        if (type === 'new_message' && told.has(id)) event = { ...event, type: 'message_updated' };
        told.set(id, seq);
      }
    }
    frame(event);
  }

  const address = () => `${base}/messages/ws/${since === null ? '' : `?since=${since}`}`;
  const line = openLine(address, token, { frame: heard, lost, ended }, WebSocket);
  return { ...line, caughtUp: () => (catching ? null : since) };
}

/**
 * Connects to a server, and stays connected until `close()`.
 *
 * @param {object} to
 * @param {string} to.url Where the server is: `http://127.0.0.1:8000`.
 * @param {string} to.token What `POST /api/auth/login/` gave.
 * @param {number} [to.since] The `seq` of an earlier client: what happened after is told first.
 * @param {typeof WebSocket} [to.WebSocket] For a Node before 22, which has none.
 */
export function connect({ url, token, since, WebSocket = globalThis.WebSocket }) {
  if (!WebSocket) throw new Error('There is no WebSocket here: hand one over, such as that of the package `ws`.');
  const base = url.replace(/\/+$/, '');
  const caller = createCaller(token, base);
  const api = chatCalls(caller);
  const patience = createPatience();
  const { attempt } = patience;
  const listeners = new Map();
  let sending = Promise.resolve();
  let me = null;

  function tell(type, event) {
    for (const listener of [...(listeners.get(type) ?? []), ...(listeners.get('*') ?? [])]) {
      // A listener that throws is heard of, and keeps nobody from hearing.
      try { listener(event); } catch (error) { queueMicrotask(() => { throw error; }); }
    }
  }

  const line = openFeed({ base, token, since, WebSocket }, {
    frame(event) {
      if (event.type === 'hello') me = event.user;
      tell(event.type, event);
    },
    live() { patience.wake(); tell('live', { type: 'live' }); },
    lost: () => tell('lost', { type: 'lost' }),
    ended(code) {
      patience.stop(new Refusal(401, { detail: 'The token is not valid any more.' }));
      tell('ended', { type: 'ended', code });
    },
  });

  return {
    /**
     * Listens. `type` is that of a frame (`new_message`, `message_updated`, `message_deleted`,
     * `reaction_updated`, `read`, `typing`, `presence`, `chat_created`…), or `live` (connected,
     * and all that was missed is told), `lost`, `ended`, or `*` for all. Returns what ends it.
     */
    on(type, listener) {
      const those = listeners.get(type) ?? new Set();
      listeners.set(type, those.add(listener));
      return () => those.delete(listener);
    },

    /**
     * Says something; resolves with the message when it is stored. Waits as long as the line
     * is down, keeps the order, and is stored once: the server knows a `client_id` for a day.
     */
    send(chat, content, { attachments, reply_to, client_id = randomId() } = {}) {
      const sent = sending.then(() => attempt(() => api.send(chat, { content, client_id, attachments, reply_to })));
      sending = sent.catch(() => {});
      return sent;
    },

    /** All my chats. */
    chats: () => api.chats((path) => attempt(() => caller.get(path))),

    /** A chat's newest messages, the oldest of them first; or those next to a message's id. */
    async messages(chat, { before, after, limit = 50 } = {}) {
      const given = Object.entries({ page_size: limit, before, after }).filter(([, value]) => value !== undefined);
      const query = new URLSearchParams(given);
      return (await attempt(() => api.history(chat, `?${query}`))).results.sort((a, b) => a.id - b.id);
    },

    /** Changes the text of my message; resolves with the message. */
    edit: (id, content) => attempt(() => api.edit(id, content)),

    /** Deletes my message. */
    remove(id) {
      let tried = false; // then "not found" means that it was done
      return attempt(() => api.remove(id).catch((error) => {
        if (!tried || error.status !== 404) { tried = true; throw error; }
      }));
    },

    /** Puts my emoji on a message, or takes it off. The server knows a toggle only, so this looks first. */
    react: (id, emoji, wanted = true) => attempt(async () => {
      me ??= (await caller.get('/api/auth/me/')).id;
      const { reactions } = await api.message(id);
      const is = reactions.some((reaction) => reaction.emoji === emoji && reaction.users.includes(me));
      if (is !== wanted) await api.react(id, emoji);
    }),

    /** Marks a chat as read, up to a message. */
    markRead: (chat, id) => attempt(() => api.markRead(chat, id)),

    /** Lets go of the server. What was not sent yet is rejected. */
    close() {
      patience.stop(new Error('closed'));
      line.close();
    },
  };
}
