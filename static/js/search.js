// Searching what was said: in all chats below the box that finds chats and people, in one chat
// in a panel of its own. What is looked for, and the filters in it, are the server's to read.
import { createNear } from './attachment.js';
import { avatar, dialog, el, icon, nameOf, skeleton, whyMissing } from './dom.js';
import { createFinder, replaceLines } from './finder.js';
import { fullTime, number, shortly, t } from './i18n.js';
import { key } from './kept.js';
import { plainly } from './markup.js';
import { otherMember } from './state.js';

const FILTERS = ['from:me', 'has:image', 'has:file', 'has:link'];
const SLOW = 500; // ms after which it is shown that an answer is awaited
const RECENT = 8; // searches that are kept

// What is found below the box `input`; `typed` is called when a filter or an earlier search
// has changed it.
export function createSearch(store, api, { actions, input, typed }) {
  const chips = createFilters(input, typed);
  const title = el('h2', { className: 'quiet-title', textContent: t('messages') });
  const list = el('ul', { className: 'list', 'aria-label': t('messages') });
  const note = el('p', { className: 'soft', role: 'status' });
  const recent = el('ul', { className: 'list', 'aria-label': t('search.recent') });
  const earlier = el('div', { hidden: true }, el('h2', { className: 'quiet-title' }, t('search.recent'), el('button', { type: 'button', className: 'plain', textContent: t('search.forget'), onclick: () => { forget(); drawRecent(); } })), recent);
  const results = el('div', { hidden: true }, title, note, list);
  const near = createNear(null);
  // A moment later, so that what is pressed there is still there.
  input.addEventListener('blur', () => setTimeout(() => { if (document.activeElement !== input && !earlier.contains(document.activeElement)) earlier.hidden = true; }, 200));
  let asked = null; // what was asked for last: an older answer is void
  let answer = null; // as long as it is awaited

  async function find(q) {
    chips.draw();
    chips.node.hidden = !q;
    earlier.hidden = Boolean(q) || document.activeElement !== input || !drawRecent();
    if (q === asked && answer) return answer;
    asked = q;
    answer = null;
    if (!q) {
      list.replaceChildren();
      results.hidden = true;
      return 0;
    }
    const mine = answer = show(q, null).finally(() => { if (answer === mine) answer = null; });
    setTimeout(() => {
      if (answer !== mine) return;
      results.hidden = false;
      note.textContent = '';
      list.replaceChildren(...skeleton(3).map((bar) => el('li', { className: 'ghost' }, bar)));
    }, SLOW);
    return mine;
  }
  async function show(q, cursor) {
    let page;
    try {
      page = await api.search({ q, cursor });
    } catch (error) {
      if (q !== asked) return 0;
      if (!cursor) list.replaceChildren();
      results.hidden = !isTold(error) && !list.children.length;
      note.replaceChildren(...whyMissing(error, () => (cursor ? show(q, cursor) : typed())));
      return isTold(error) ? null : 0;
    }
    if (q !== asked) return 0;
    const lines = page.results.map((hit) => hitLine(hit, store.get(), { isWhole: false, open: () => { remember(q); actions.place(hit.chat.id, hit.message.id); } }));
    if (cursor) list.append(...lines);
    else replaceLines(list, lines, input);
    results.hidden = !list.children.length && isIndexed(page);
    note.textContent = isIndexed(page) ? '' : t('search.indexing', { share: number(Math.floor(page.indexed * 100)) });
    if (page.next && lines.length) near(lines.at(-1), () => show(q, page.next));
    return lines.length;
  }

  function drawRecent() {
    const kept = remembered();
    recent.replaceChildren(...kept.map((q) => el('li', {}, el('button', { type: 'button', className: 'chat', onclick: () => { input.value = q; input.focus(); typed(); } }, icon('clock', 18), el('span', { className: 'grow clip', dir: 'auto', textContent: q })))));
    return kept.length > 0;
  }
  return { node: results, before: el('div', {}, chips.node, earlier), find, remember };
}

// In one chat: its own box, over the whole of what was said there.
export function openChatSearch({ api, store, actions }, chat) {
  const box = dialog(t('search.in', { title: store.get().chats[chat].title }), [], { drawer: true });
  const body = box.querySelector('.body');
  const finder = createFinder(async ({ q, cursor }) => {
    chips.draw();
    if (!q) return { results: [], next: null };
    try {
      return await api.search({ q, chat, cursor });
    } catch (error) {
      if (error.status !== 400) throw error.status === 404 ? new Error(t('search.off')) : error;
      return { results: [], next: null };
    }
  }, (hit) => hitLine(hit, store.get(), { isWhole: true, open: () => { box.close(); actions.place(chat, hit.message.id); } }),
  { label: t('search.messages'), name: t('messages'), none: 'search.nothing', nobody: 'search.hint', root: body, picks: true });
  const chips = createFilters(finder.input, finder.again);
  finder.list.classList.add('list');
  finder.input.after(chips.node);
  body.append(finder.node);
  finder.input.focus({ preventScroll: true });
}

// A half-written search is no mistake.
const isTold = ({ status }) => status !== 400 && status !== 404;
const isIndexed = ({ indexed }) => (indexed ?? 1) >= 1;

// Filters as chips: each puts its word into the box, or takes it out.
function createFilters(input, typed) {
  const has = (word) => ` ${input.value.toLowerCase()} `.includes(` ${word} `);
  const buttons = FILTERS.map((word) => el('button', { type: 'button', className: 'chip', textContent: t(`search.${word}`), onclick: () => {
    const rest = input.value.split(/\s+/).filter((each) => each && each.toLowerCase() !== word);
    input.value = [...(has(word) ? [] : [word]), ...rest].join(' ');
    input.focus();
    typed();
  } }));
  return {
    node: el('div', { className: 'chips filters', role: 'group', 'aria-label': t('search.filters') }, buttons),
    draw() { buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(has(FILTERS[index])))); },
  };
}

// One message that was found: where, by whom and when, with the words that were looked for.
export function hitLine({ message, chat, snippet, highlights }, { me, chats }, { isWhole, open }) {
  const at = new Date(message.created_at);
  const known = chats[chat.id] ?? chat;
  const other = known.chat_type === 'dm' && otherMember(known, me);
  const name = message.sender.id === me.id ? t('you') : nameOf(message.sender);
  const face = isWhole ? avatar(message.sender) : avatar(other || { ...known, id: chat.id }, { group: !other });
  return el('li', {}, el('button', { type: 'button', className: 'chat hit', onclick: open }, face,
    el('span', { className: 'grow' },
      el('span', { className: 'top' }, el('b', { className: 'clip', dir: 'auto', textContent: isWhole ? name : chat.title }), el('time', { dateTime: message.created_at, title: fullTime(at), textContent: shortly(at) })),
      el('span', { className: 'preview', dir: 'auto' }, isWhole ? [] : `${name}: `, marked(snippet, highlights)))));
}

// As it reads, without its markup: each letter that is left has its place in the snippet. What was
// cut through in the middle has marks without their other half. The server counts characters, of
// which some are two to the page.
function marked(snippet, highlights) {
  const letters = [...snippet];
  const isCut = snippet.startsWith('…') || snippet.endsWith('…');
  const words = plainly(snippet, Infinity);
  const parts = [];
  let at = 0;
  for (const letter of isCut ? words.replace(/\*\*|~~|`+/g, '') : words) {
    const place = letter === ' ' ? at : letters.indexOf(letter, at);
    const isFound = highlights.some(([start, end]) => start <= place && place < end);
    if (letter !== ' ') at = place + 1;
    if (parts.at(-1)?.isFound !== isFound) parts.push({ isFound, text: '' });
    parts.at(-1).text += letter;
  }
  return parts.map(({ isFound, text }) => (isFound ? el('mark', { textContent: text }) : text));
}

// --- Earlier searches, in this browser alone; signing out forgets them.
const KEPT = () => key('searches');
function remembered() {
  try { return JSON.parse(localStorage.getItem(KEPT())) ?? []; } catch { return []; }
}
function remember(q) {
  try { localStorage.setItem(KEPT(), JSON.stringify([q, ...remembered().filter((each) => each !== q)].slice(0, RECENT))); } catch { /* then it is typed again */ }
}
function forget() {
  localStorage.removeItem(KEPT());
}
