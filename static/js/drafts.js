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
    all() {
      const before = place('');
      const names = Object.keys(localStorage).filter((name) => name.startsWith(before) && /^\d+$/.test(name.slice(before.length)));
      return names.map((name) => [Number(name.slice(before.length)), localStorage.getItem(name)]);
    },
    more(chat) {
      try { return JSON.parse(localStorage.getItem(aside(chat))) ?? {}; } catch { return {}; }
    },
    setMore(chat, { replying = null, editing = null, files = [] }) {
      keep(aside(chat), replying || editing || files.length ? JSON.stringify({ replying, editing, files }) : '');
    },
  };
}
