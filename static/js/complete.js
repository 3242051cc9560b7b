// What completes a word while it is written: names after an @, emoji after a colon.
import { avatar, el, nameOf } from './dom.js';
import { t } from './i18n.js';

const WORD = /(?:^|\s)@([\p{L}\p{N}_.+-]{0,64})$/u;
const EMOJI = /(?:^|\s):([\p{L}\p{N}_+-]{2,32})(:?)$/u;
const MOST = 6;

// Whoever talked last comes first; those who said nothing stay as they stand.
export function byTalk(members, messages) {
  const last = new Map(messages.map(({ sender, id }) => [sender.id, id]));
  return members.toSorted((a, b) => (last.get(b.id) ?? 0) - (last.get(a.id) ?? 0));
}

// `people` gives those who can be named. Returns the list, and what the box's keys do to it.
export function createCompletion(box, people) {
  let at = null; // {start, end, index, fitting: [{face, label, note, text}]}
  let turn = 0;
  const node = el('ul', { id: 'names', className: 'names', role: 'listbox', 'aria-label': t('complete'), hidden: true });
  box.addEventListener('blur', () => setTimeout(hide, 150));

  async function suggest() {
    const mine = turn += 1;
    const before = box.value.slice(Math.max(0, box.selectionStart - 80), box.selectionStart);
    const name = WORD.exec(before)?.[1];
    const [, emoji, ends] = EMOJI.exec(before) ?? [];
    if (name !== undefined) return offer(name.length, named(name.toLocaleLowerCase()));
    if (emoji === undefined) return hide();
    const { findEmoji, inWords } = await import('./emoji.js').catch(() => ({ findEmoji: () => [] }));
    if (mine !== turn) return undefined; // something else was typed meanwhile
    const found = findEmoji(emoji.toLocaleLowerCase(), Boolean(ends), MOST).map(([face, words]) => ({ face, label: inWords(words), text: face }));
    offer(emoji.length + 1 + ends.length, found);
    return ends && found.length ? pick(at.fitting[0]) : undefined;
  }

  function named(wish) {
    const fits = (member) => [member.username, nameOf(member)].some((each) => each.toLocaleLowerCase().startsWith(wish));
    const found = [];
    for (const member of people()) {
      if (fits(member)) found.push({ face: avatar(member, { size: '1.75rem' }), label: nameOf(member), note: `@${member.username}`, text: `${member.username} ` });
      if (found.length === MOST) break;
    }
    return found;
  }

  function offer(length, fitting) {
    if (!fitting.length) return hide();
    at = { start: box.selectionStart - length, end: box.selectionStart, index: 0, fitting };
    return draw();
  }
  function draw() {
    node.replaceChildren(...at.fitting.map((each, index) => el('li', { id: `name-${index}`, role: 'option', 'aria-selected': String(index === at.index), onpointerdown: (event) => { event.preventDefault(); pick(each); } },
      typeof each.face === 'string' ? el('span', { className: 'face', textContent: each.face }) : each.face,
      el('span', { className: 'clip', dir: 'auto', textContent: each.label }), each.note && el('span', { className: 'soft clip', textContent: each.note }))));
    node.hidden = false;
    box.setAttribute('aria-controls', 'names');
    box.setAttribute('aria-activedescendant', `name-${at.index}`);
  }
  function hide() {
    turn += 1;
    node.hidden = true;
    box.removeAttribute('aria-activedescendant');
  }
  function pick({ text }) {
    box.setRangeText(text, at.start, at.end, 'end');
    hide();
    box.dispatchEvent(new Event('input'));
  }

  // Whether the key was meant for the list.
  function key(event) {
    if (node.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at.index = (at.index + step + at.fitting.length) % at.fitting.length;
      draw();
    } else if (event.key === 'Enter' || event.key === 'Tab') pick(at.fitting[at.index]);
    else if (event.key === 'Escape') hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  return { node, suggest, key };
}
