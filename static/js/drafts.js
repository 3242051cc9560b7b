// What is written and not sent, by chat, kept over reloads: the text, and beside it what
// is answered or edited and the files that are up already.
import { key } from './kept.js';

export function createDrafts(me) {
  const place = (chat) => key(`draft.${me}.${chat}`);
  const aside = (chat) => `${place(chat)}.more`;
  // A draft that cannot be kept is still in its box.
  const keep = (name, text) => {
    try {
      if (text) localStorage.setItem(name, text);
      else localStorage.removeItem(name);
    } catch { /* see above */ }
  };
  return {
    get: (chat) => localStorage.getItem(place(chat)) ?? '',
    set: (chat, text) => keep(place(chat), text),
    more(chat) {
      try { return JSON.parse(localStorage.getItem(aside(chat))) ?? {}; } catch { return {}; }
    },
    setMore(chat, { replying = null, editing = null, files = [] }) {
      keep(aside(chat), replying || editing || files.length ? JSON.stringify({ replying, editing, files }) : '');
    },
  };
}
