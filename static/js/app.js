// What a signed-in person has: the state, the socket, the outbox, and the views.
import { createPatience, HOME } from '../fireside.js';
import { createActions } from './actions.js';
import { createApi, isPassing } from './api.js';
import { createChats } from './chats.js';
import { el, icon, needed, toast } from './dom.js';
import { t } from './i18n.js';
import { createDrafts, key } from './kept.js';
import { openLive } from './live.js';
import { createOutbox } from './outbox.js';
import { goTo, leave } from './place.js';
import { createStore, nothing, sortedChats, unreadTotal } from './state.js';

const MINUTE = 60_000; // ms
const SETTLED = 2_000; // ms after the chats are there
const RECALLED = 1_000; // ms in which what was last seen is there, or is not waited for

export async function startApp(root, token, { left, restricted, isNew = false, isFirst = false }) {
  const api = createApi(token);
  const seen = localStorage.getItem(key('kept')) && await seenBefore(token);
  let me = seen?.state.me;
  try {
    me ??= await api.meAtOnce().catch((error) => {
      if (!isPassing(error)) throw error;
      return patiently(api.me, root);
    });
  } catch (error) {
    return left(error.status === 401 ? null : error);
  }
  const store = createStore({ ...nothing, ...seen?.state, me });
  return new App(root, { api, store, token, left, restricted, seen, isNew, isFirst }).start();
}

// What this browser has seen before, unless its database is stuck.
function seenBefore(token) {
  const found = import('./seen.js').then(({ recall }) => recall(token)).catch(() => null);
  return Promise.race([found, new Promise((done) => { setTimeout(done, RECALLED); })]);
}

// The server may be just starting: it is waited for, in words.
async function patiently(action, root) {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isPassing(error)) throw error;
      root.replaceChildren(el('p', { className: 'notice', role: 'status', textContent: t('unreachable.waiting') }));
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

class App {
  constructor(root, { isNew, isFirst, ...given }) {
    Object.assign(this, { root, ...given });
    this.arrival = { isNew, isFirst };
    this.actions = createActions(this);
  }

  start() {
    const { api, store, actions } = this;
    this.drafts = createDrafts(store.get().me.id);
    for (const [chat, text] of this.drafts.all()) store.tell({ type: 'draft', chat, text: text.trim() });
    const abort = new AbortController();
    this.signal = abort.signal;
    this.abort = abort;
    this.patience = createPatience();
    this.outbox = createOutbox(store, api, { unauthorised: (error) => this.signOut(error), unkept: (is) => this.guard(is), sent: () => this.sent() });
    this.chats = createChats(store, api, { actions });
    const none = el('div', { className: 'notice choose' }, icon('flame', 48), el('p', { textContent: t('choose') }));
    const main = this.main = el('main', { className: 'stage-main' }, none);
    if (chatOfHash() !== null) this.talk(); // it comes while the list of chats does
    const app = el('div', { className: 'app' }, this.chats.node, main);
    this.root.replaceChildren(app);
    let title = '';
    let counted;
    store.subscribe((state) => {
      app.classList.toggle('open', state.open !== null);
      none.hidden = state.open !== null;
      const unread = unreadTotal(state);
      const name = state.chats[state.open]?.title;
      const wanted = `${unread ? `(${unread > 99 ? '99+' : unread}) ` : ''}${name ? `${name} · ` : ''}${state.server?.name ?? 'Fireside'}`;
      if (wanted !== title) document.title = title = wanted;
      if (unread !== counted) navigator.setAppBadge?.(counted = unread).catch(() => {});
    });
    this.turnDays();
    this.listen(main);
    this.socket = openLive(this);
    store.tell({ type: 'link', link: 'connecting' });
    store.tell({ type: 'known' });
    if (this.seen) this.route();
  }

  // From midnight on, what was said today was said yesterday. A timer until then would sleep with the device.
  turnDays() {
    const turn = () => this.store.tell({ type: 'day', day: new Date().toDateString() });
    const clock = setInterval(turn, MINUTE);
    this.signal.addEventListener('abort', () => clearInterval(clock));
    turn();
  }

  // What shows a chat is not loaded before one is opened.
  talk() {
    return this.talking ??= Promise.all([import('./conversation.js'), import('./composer.js'), import('./bytes.js'), import('./reactions.js')]).then(([{ createConversation }, { createComposer }, { createBytes }, { createReactions }]) => {
      const { store, api, actions, outbox } = this;
      actions.react = createReactions(store, api, { attempt: (action) => this.patience.attempt(action), refused: actions.refused });
      this.composer = createComposer(store, api, { drafts: this.drafts, outbox, actions });
      this.conversation = createConversation(store, api, { actions, composer: this.composer, bytes: createBytes(api) });
      this.composer.lastMine = this.conversation.lastMine;
      this.main.append(this.conversation.node);
    }).catch((error) => {
      this.talking = null;
      throw error;
    });
  }

  // Where a message got through, the line may: it need not wait for its next try.
  sent() {
    if (this.store.get().link === 'lost') this.socket.hurry();
    this.offers();
  }

  // Whoever has said something is asked, once, whether they want to be told of answers.
  offers() {
    const isDecided = localStorage.getItem(key('offered')) || localStorage.getItem(key('push'));
    if (this.offered || isDecided || !this.composer || !this.store.get().server?.push) return;
    this.offered = true;
    import('./offer.js').then(({ offer }) => offer(this)).catch(() => {}); // another time
  }

  // What this browser would not keep is lost with the page: it asks before it goes.
  guard(is) {
    this.asks ??= (event) => event.preventDefault();
    if (is) window.addEventListener('beforeunload', this.asks, { signal: this.signal });
    else window.removeEventListener('beforeunload', this.asks);
  }

  listen(main) {
    const { signal } = this;
    window.addEventListener('hashchange', () => this.route(), { signal });
    // A file that misses the chat must not replace the page.
    for (const type of ['dragover', 'drop']) window.addEventListener(type, (event) => event.preventDefault(), { signal });
    main.addEventListener('dragover', (event) => main.classList.toggle('dropping', event.dataTransfer.types.includes('Files')));
    main.addEventListener('dragleave', (event) => !main.contains(event.relatedTarget) && main.classList.remove('dropping'));
    main.addEventListener('drop', (event) => {
      main.classList.remove('dropping');
      if (this.store.get().open !== null) this.composer?.drop(event.dataTransfer.files);
    });
    document.addEventListener('keydown', (event) => this.key(event), { signal });
  }

  key(event) {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      needed(() => import('./keys.js'), ({ openSwitcher }) => openSwitcher(this.store, this.api, this.actions));
    } else if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && ['f', 'а'].includes(event.key.toLowerCase()) && this.seeks()) {
      event.preventDefault();
      this.actions.search(this.store.get().open);
    } else if (event.key === '?' && !typing) {
      event.preventDefault();
      needed(() => import('./keys.js'), ({ openHelp }) => openHelp());
    } else if (event.key === '/' && !typing) {
      event.preventDefault();
      this.chats.focusSearch();
    } else if (event.key.length === 1 && event.key !== ' ' && !typing && this.takesKeys(event)) this.composer.focus(); // and the letter lands there
    else if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open], [popover]:popover-open')) {
      if (typing) this.store.get().open !== null && this.composer?.focus();
      else goTo('');
    }
  }

  // What the browser finds in the page is not all of the chat.
  seeks() {
    return this.store.get().open !== null && !document.querySelector('dialog[open]') && this.conversation && !this.conversation.isWhole();
  }

  // Whoever types beside every box means the one to write in.
  takesKeys({ ctrlKey, metaKey, altKey, defaultPrevented }) {
    const isOver = document.querySelector('dialog[open], [popover]:popover-open:not(#toasts)');
    return !(ctrlKey || metaKey || altKey || defaultPrevented || isOver) && this.store.get().open !== null && this.composer;
  }

  // The line is there, perhaps again: what waited goes on.
  async arrived({ seq }) {
    const { store, api } = this;
    if (seq < this.seen?.seq) return void import('./seen.js').then(({ erase }) => erase()).finally(() => location.reload()); // the server has gone back in time
    store.tell({ type: 'link', link: 'live' });
    this.worker?.look(); // the server may be a newer one
    this.patience.wake();
    this.outbox.flush();
    this.conversation?.again();
    const first = !this.met;
    this.met = true;
    try {
      await this.list();
    } catch (error) {
      return this.over ? undefined : this.actions.refused(error);
    }
    if (first) this.settle();
    if (first) await this.join();
    if (first && this.arrival.isNew && (chatOfHash() === null)) this.land();
    if (first || store.get().open !== chatOfHash()) this.route();
    return undefined;
  }

  // Whoever came by an invitation into a group joins it.
  async join() {
    const code = sessionStorage.getItem(key('join'));
    if (!code) return;
    try {
      const chat = await this.patience.attempt(() => this.api.joinBy(code));
      sessionStorage.removeItem(key('join'));
      this.store.tell({ type: 'chat', chat });
      goTo(`chat-${chat.id}`);
    } catch (error) {
      if (this.over) return; // it waits for whoever signs in
      sessionStorage.removeItem(key('join'));
      if (error.status === 404) toast(t('invite.dead'));
      else this.actions.refused(error);
    }
  }

  // A newcomer meets people: the liveliest of the rooms that they are in from the start.
  land() {
    const [room] = sortedChats(this.store.get());
    if (room) goTo(`chat-${room.id}`);
    if (this.arrival.isFirst) this.actions.invite();
  }

  // What can wait: the server's limits, and what makes the next opening work without it.
  settle() {
    const { store, api, token, signal, socket } = this;
    api.server().then((server) => {
      store.tell({ type: 'known', server });
      return server.push && import('./looks.js').then(({ tellLooks }) => tellLooks(this));
    }).catch(() => {});
    if (this.seen) api.me().then((me) => store.tell({ type: 'known', me }), () => {});
    setTimeout(() => {
      if (signal.aborted) return;
      document.querySelector('[rel=manifest]') ?? document.head.append(el('link', { rel: 'manifest', href: `${HOME}/manifest.webmanifest` }));
      this.teller().then(({ watchMutes }) => watchMutes(store, signal), () => {});
      import('./seen.js').then(({ remember, fetchAhead }) => {
        remember(store, token, { caughtUp: socket.caughtUp, signal });
        return fetchAhead(store, api, signal);
      }).catch(() => {}); // the next opening shows less
      if (navigator.serviceWorker) import('./worker.js').then((worker) => (this.worker = worker).attend(this)).catch(() => {}); // without it, the page needs the server
    }, SETTLED);
  }

  // The list of chats, until it comes. One that was asked for before the line broke may be
  // older than the break.
  list() {
    const { store, api } = this;
    const turn = this.turn = (this.turn ?? 0) + 1;
    return this.patience.attempt(async () => {
      if (this.turn !== turn) return;
      const { heard: asked, chats: known, listed } = store.get();
      const news = listed ? await this.news(known) : null;
      const chats = news ?? await api.chats();
      if (this.turn !== turn) return;
      store.tell({ type: 'chats', chats, asked, areAll: !news });
      if (news) this.recount(new Set(news.map(({ id }) => id)));
    });
  }

  // After a break: what was missed is told, and what it changed stands at the top. Nothing
  // where chats came or went: then all are asked for.
  async news(known) {
    const { count, results } = await this.api.newestChats();
    return count === Object.keys(known).length && results.every(({ id }) => known[id]) ? results : null;
  }

  // What lies below may have been read elsewhere.
  recount(fresh) {
    for (const { id, unread_count } of Object.values(this.store.get().chats)) if (unread_count && !fresh.has(id)) this.refreshChat(id);
  }

  async refreshChat(id) {
    this.stale ??= new Map();
    if (this.stale.has(id)) return;
    this.stale.set(id, setTimeout(async () => {
      this.stale.delete(id);
      try {
        await this.patience.attempt(async () => {
          const asked = this.store.get().heard;
          this.store.tell({ type: 'chat', chat: await this.api.chat(id), asked });
        });
      } catch (error) {
        if (error.status === 404) this.chatGone(id);
      }
    }, 60));
  }

  chatGone(id) {
    const wasOpen = this.store.get().open === id;
    this.store.tell({ type: 'gone', chat: id });
    if (wasOpen) {
      toast(t('chat.gone'));
      goTo('');
    }
  }

  // The address says which chat is open, so that Back, reload and links work.
  async route() {
    const { store, api } = this;
    const id = chatOfHash();
    if (id === store.get().open) return this.point();
    if (id !== null && !store.get().chats[id]) {
      try {
        store.tell({ type: 'chat', chat: await this.patience.attempt(() => api.chat(id)) });
      } catch (error) {
        if (this.over) return undefined;
        goTo('');
        return this.actions.refused(error);
      }
    }
    if (id !== null) await this.patience.attempt(() => this.talk());
    if (chatOfHash() !== id) return undefined; // somebody was quicker
    store.tell({ type: 'opened', chat: id });
    this.point();
    if (id !== null && matchMedia('(pointer: coarse)').matches) this.conversation.focus();
    return undefined;
  }

  // To the message that the address names, if it does.
  point() {
    const message = /\/m-(\d+)$/.exec(location.hash)?.[1];
    if (message && this.store.get().open !== null) this.conversation.show(Number(message));
  }

  // One promise, so that what came first is told first.
  teller() {
    return this.notifier ??= import('./told.js').catch((error) => {
      this.notifier = null;
      throw error;
    });
  }

  signOut(reason) {
    if (this.over) return; // whatever is still under way finds nobody
    this.leave(() => this.left(reason));
  }

  leave(then) {
    this.over = true;
    this.store.tell({ type: 'opened', chat: null });
    this.outbox.stop();
    this.patience.stop(new Error('signed out'));
    this.socket.close();
    this.abort.abort();
    this.call?.hangUp();
    leave();
    then();
  }
}

function chatOfHash() {
  const found = /^#chat-(\d+)(?:\/m-\d+)?$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}
