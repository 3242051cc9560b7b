// What is said and not yet confirmed. It survives a reload, and is sent until
// the server has it: the `client_id` makes that once, however often it is tried.
import { createPatience, randomId } from '../fireside.js';
import { key } from './kept.js';

// `unkept` is told whether something waits that this browser would not keep, `sent` of each that the server has.
export function createOutbox(store, api, { unauthorised, unkept, sent }) {
  const me = store.get().me.id;
  const prefix = key(`outbox.${me}.`);
  const patience = createPatience();
  const forgotten = new Set(); // what the storage refused
  let running = false;
  let stopped = false;

  for (const name of Object.keys(localStorage).filter((each) => each.startsWith(prefix)).sort()) {
    try {
      store.tell({ type: 'queued', item: { ...JSON.parse(localStorage.getItem(name)), tried: true } });
    } catch {
      localStorage.removeItem(name);
    }
  }

  function add(chat, content, { attachments = [], reply_to = null } = {}) {
    const client_id = randomId();
    const after = store.get().logs[chat]?.messages.at(-1)?.id ?? 0;
    const item = { client_id, chat, content, attachments, reply_to, after, at: Date.now() };
    keep(item); // before anything else happens to it
    store.tell({ type: 'queued', item: { ...item, tried: true } });
    flush();
  }

  // Whatever the storage refuses (it is full, or forbidden) is still sent, only
  // not kept across a reload. The time in the key keeps the order.
  function keep(item) {
    try {
      localStorage.setItem(keyOf(item), JSON.stringify(item));
    } catch {
      forgotten.add(item.client_id);
      unkept(true);
    }
  }
  function forget(item) {
    localStorage.removeItem(keyOf(item));
    if (forgotten.delete(item.client_id)) unkept(forgotten.size > 0);
  }
  const keyOf = (item) => `${prefix}${item.at}.${item.client_id}`;

  // One after the other, in the order in which they were said.
  async function flush() {
    if (running || stopped) return;
    running = true;
    try {
      for (;;) {
        const item = store.get().unsent.find((each) => !each.error);
        if (!item || stopped) break;
        await deliver(item);
      }
    } finally {
      running = false; // whatever went wrong, the next one is tried
    }
  }

  async function deliver(item) {
    const { chat, content, client_id, attachments, reply_to } = item;
    const wish = { content, client_id };
    if (attachments.length) wish.attachments = attachments.map((file) => file.id);
    if (reply_to) wish.reply_to = reply_to.id;
    const isWanted = () => store.get().unsent.some((each) => each.client_id === client_id);
    try {
      const message = await patience.attempt(() => (isWanted() ? api.send(chat, wish) : null));
      if (!message) return; // discarded meanwhile
      forget(item);
      store.tell({ type: 'sent', client_id, message, chat });
      sent();
    } catch (error) {
      if (stopped) return;
      if (error.status === 401) { stopped = true; return void unauthorised(error); }
      store.tell({ type: 'refused', client_id, error });
    }
  }

  return {
    add,
    flush: () => { patience.wake(); flush(); },
    retry(item) {
      store.tell({ type: 'refused', client_id: item.client_id, error: null });
      flush();
    },
    discard(item) {
      forget(item);
      store.tell({ type: 'dropped', client_id: item.client_id });
    },
    stop() { stopped = true; patience.stop(new Error('signed out')); },
  };
}
