// What can be done from anywhere on the page: each view is handed all of it.
import { el, needed, toast, words } from './dom.js';
import { goTo } from './place.js';
import { otherMember } from './state.js';

// `app` is the signed-in person's: its `api`, `store`, `outbox`, `patience`, `socket` and `token`.
export function createActions(app) {
  const { api, store } = app;
  const guarded = (action) => async (...args) => {
    try {
      return await action(...args);
    } catch (error) {
      return actions.refused(error);
    }
  };
  const world = () => ({ api, store, actions });
  const actions = {
    say: toast,
    refused: (error) => (error.status === 401 ? app.signOut(error) : toast(words(error))),
    read: (chat, last) => {
      if (app.lastRead === `${chat}.${last}`) return;
      app.lastRead = `${chat}.${last}`;
      // Until it is there, or something newer is read.
      app.patience.attempt(() => (app.lastRead === `${chat}.${last}` ? api.markRead(chat, last) : null))
        .then(() => store.tell({ type: 'read', chat, user_id: store.get().me.id, message_id: last }), () => {});
    },
    typing: (chat, is_typing) => app.socket.send({ type: 'typing', chat, is_typing }),
    forward: (message) => needed(() => import('./forward.js'), ({ openForward }) => openForward({ ...world(), outbox: app.outbox }, message)),
    details: (message) => needed(() => import('./details.js'), ({ openDetails }) => openDetails(world(), message)),
    edit: async (chat, message, content) => {
      const shows = (changed) => changed.sender && store.tell({ type: 'message_updated', chat, message: changed });
      shows({ ...message, content, is_edited: true });
      try {
        shows({ ...message, ...await app.patience.attempt(() => api.edit(message.id, content)) });
      } catch (error) {
        shows(message);
        throw error;
      }
    },
    remove: guarded(async ({ id }) => {
      const chat = store.get().open;
      await api.remove(id);
      store.tell({ type: 'message_deleted', chat, message_id: id });
      app.refreshChat(chat);
    }),
    mayPin: () => {
      const { chats, open } = store.get();
      return chats[open]?.chat_type === 'dm' || chats[open]?.is_admin;
    },
    pin: guarded(async (message) => {
      const chat = store.get().open;
      await (message.is_pinned ? api.unpin(message.id) : api.pin(message.id));
      store.tell({ type: 'message_updated', chat, message: { ...message, is_pinned: !message.is_pinned } });
    }),
    // Whoever stays would have read it again at once.
    unread: guarded(async (message) => {
      const chat = store.get().open;
      goTo('');
      store.tell({ type: 'opened', chat: null });
      app.lastRead = null;
      await api.markUnread(chat, message.id);
      app.refreshChat(chat);
    }),
    place: (chat, message) => {
      const hash = `chat-${chat}/m-${message}`;
      if (location.hash === `#${hash}`) app.point();
      else goTo(hash);
    },
    retry: (item) => app.outbox.retry(item),
    discard: (item) => app.outbox.discard(item),
    save: guarded(async (file) => {
      const link = el('a', { href: URL.createObjectURL(await api.file(file.url)), download: file.name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    }),
    show: (file) => needed(() => import('./lightbox.js'), ({ openLightbox }) => openLightbox(store, api, app.actions, file)),
    talkTo: guarded(async (user) => {
      const chat = await api.talkTo(user);
      store.tell({ type: 'chat', chat });
      goTo(`chat-${chat.id}`);
    }),
    go: (chat) => { goTo(`chat-${chat}`); },
    start: (what) => needed(() => import('./start.js'), (module) => module[what](world())),
    search: (chat) => needed(() => import('./search.js'), ({ openChatSearch }) => openChatSearch(world(), chat)),
    mentions: () => needed(() => import('./mentions.js'), ({ openMentions }) => openMentions(world())),
    invite: () => needed(() => import('./invite.js'), ({ openInvite }) => openInvite(world())),
    mutes: (chat, anchor) => needed(() => import('./mutes.js'), ({ openMutes }) => openMutes(world(), chat, anchor)),
    inviteInto: (chat) => needed(() => import('./invite.js'), ({ openGroupInvite }) => openGroupInvite(world(), chat)),
    hooks: (chat) => needed(() => import('./hooks.js'), ({ openHooks }) => openHooks(world(), chat)),
    about: (chat) => {
      const shown = store.get().chats[chat];
      const other = shown.chat_type === 'dm' && otherMember(shown, store.get().me);
      if (other) needed(() => import('./people.js'), ({ openPerson }) => openPerson(world(), other.username));
      else needed(() => import('./group.js'), ({ openGroup }) => openGroup(world(), chat));
    },
    settings: () => needed(() => import('./settings.js'), ({ openSettings }) => openSettings({ ...world(), signOut: (why) => app.signOut(why) })),
    people: () => needed(() => import('./people.js'), ({ openPeople }) => openPeople(world())),
    card: (anchor, user) => needed(() => import('./card.js'), ({ openCard }) => openCard(world(), anchor, user)),
    person: (username) => needed(() => import('./people.js'), ({ openPerson }) => openPerson(world(), username)),
    gone: (chat) => app.chatGone(chat),
    call: async (chat, video) => {
      if (app.call || app.calling) return;
      app.calling = needed(() => import('./call.js'), ({ startCall }) => startCall({ ...world(), token: app.token, chat, video, over: () => { app.call = null; } }));
      app.call = await app.calling.finally(() => { app.calling = null; });
    },
  };
  return actions;
}
