// Reactions: shown as they will be, and told until the server has them. It knows only to
// put on or take off, so whoever asks twice looks first.
import { toggled } from './state.js';

export function createReactions(store, api, { attempt, refused }) {
  let before = Promise.resolve(); // one after the other: two quick presses are two

  return function react(id, emoji) {
    const { open: chat, logs, me } = store.get();
    const message = logs[chat]?.messages.find((each) => each.id === id);
    if (!message) return;
    const wanted = isOn(message.reactions, me.id, emoji) === false;
    store.tell({ type: 'reaction_updated', chat, message_id: id, reactions: toggled(message.reactions ?? [], me.id, emoji) });
    before = before.then(() => put(id, emoji, wanted, me.id)).catch(async (error) => {
      refused(error);
      const { reactions } = await api.message(id);
      store.tell({ type: 'reaction_updated', chat, message_id: id, reactions });
    }).catch(() => {});
  };

  function put(id, emoji, wanted, me) {
    let tried = false;
    return attempt(async () => {
      if (tried && isOn((await api.message(id)).reactions, me, emoji) === wanted) return;
      tried = true;
      await api.react(id, emoji);
    });
  }
}

const isOn = (reactions = [], me, emoji) => reactions.some((each) => each.emoji === emoji && each.users.includes(me));
