// What the socket tells, and what is done about it.
import { openFeed } from './api.js';
import { toast } from './dom.js';
import { t, tell } from './i18n.js';
import { addresses, isRung } from './state.js';

const LACKING = 4403; // the close code of a socket whose reader lacks a second factor

export function openLive(app) {
  const { api, store } = app;
  let isLive = false;
  let ringing = null;

  async function heard(frame) {
    if (frame.type === 'hello') return app.arrived(frame);
    if (frame.type === 'new_message' && frame.message.sender.id !== store.get().me.id && isLive) notify(frame); // what came before one opened the page is in the list
    if (frame.type === 'chat_created' || frame.type === 'chat_updated') chat(frame);
    else if (frame.type === 'chat_deleted') app.chatGone(frame.chat);
    else if (frame.type === 'member_removed' && frame.user_id === store.get().me.id) app.chatGone(frame.chat);
    else if (frame.type === 'member_added' || frame.type === 'member_removed') {
      store.tell({ type: 'typing', chat: frame.chat, user_id: frame.user_id, is_typing: false }); // nobody says it any more
      app.refreshChat(frame.chat);
      app.conversation?.happened(frame.chat);
    } else {
      const before = store.get();
      store.tell(frame);
      after(frame, before);
    }
    return undefined;
  }

  // Of a large group nobody is listed: who is in it stays as it was, where it is known, and whoever
  // shows their roles asks for them anew.
  function chat({ data, chat: id }) {
    const known = store.get().chats[id];
    if (known?.title !== data.title || known.member_count !== data.member_count) app.conversation?.happened(id);
    if (data.members.length === data.member_count) store.tell({ type: 'chat', chat: data });
    else if (known?.members?.length === data.member_count && known.owner === data.owner) store.tell({ type: 'chat', chat: { ...data, members: known.members, admins: known.admins, revision: (known.revision ?? 0) + 1 } });
    else app.refreshChat(id);
  }

  // What a frame leaves open and only the server can count.
  function after(frame, before) {
    const { chat: id } = frame;
    const known = before.chats[id];
    if (frame.type === 'new_message' && !known) app.refreshChat(id);
    else if (frame.type === 'new_message' && addresses(before, id, frame.message) === undefined) app.teller().then(({ isAddressed }) => isAddressed(app, frame)).then((is) => is && app.refreshChat(id), () => {});
    if (frame.type === 'message_updated' && known?.unread_count && (known.mention_count || addresses(before, id, frame.message))) app.refreshChat(id);
    if (frame.type === 'message_deleted' && known) app.refreshChat(id);
    if (frame.type === 'read' && frame.user_id === before.me.id && store.get().chats[id]?.unread_count) app.refreshChat(id);
    if (frame.type === 'call_started') rings(frame);
    if (frame.type === 'call_declined') declined(frame);
    if (frame.type === 'error' && frame.message) toast(tell(frame.message, frame.code));
  }

  // What rings is loaded by the first call that does.
  function rings(frame) {
    const { me, chats } = store.get();
    if (frame.user_id === me.id || (chats[frame.chat] && !isRung(chats[frame.chat]))) return;
    ringing ??= import('./ring.js').then(({ createRinging }) => createRinging(app));
    ringing.then(({ ring }) => ring(frame)).catch(() => { ringing = null; }); // the chat shows it
  }
  // By me, on any device: it rings on none.
  function declined(frame) {
    app.call?.declined(frame);
    if (frame.user_id === store.get().me.id) ringing?.then(({ stop }) => stop(frame.chat), () => {});
  }

  function notify(frame) {
    const { chat: id, message } = frame;
    const { open, chats } = store.get();
    if (!document.hidden && document.hasFocus() && open === id) return;
    if (message.id <= (chats[id]?.last_message?.id ?? 0) || message.call_seconds) return; // of a call, one that was missed
    app.teller().then(({ tellOf }) => tellOf(app, frame)).catch(() => {}); // the list of chats shows it
  }

  return openFeed(app.token, app.seen?.seq ?? null, {
    frame: heard,
    lost: () => store.tell({ type: 'link', link: 'lost' }),
    // Of all chats at once nobody is put out but for the second factor that the server asks for.
    ended: (code) => (code === LACKING ? app.over || app.leave(() => app.restricted(app.token)) : app.signOut({ message: t('ended'), code })),
    live: () => { isLive = true; },
  });
}
