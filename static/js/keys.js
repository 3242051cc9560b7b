// Going somewhere by keyboard, and the list of keys.
import { avatar, dialog, el, nameOf } from './dom.js';
import { t } from './i18n.js';
import { otherMember, sortedChats } from './state.js';

export function openSwitcher(store, api, actions) {
  if (document.querySelector('dialog.switcher')) return;
  const list = el('ul', { id: 'switch-list', role: 'listbox', 'aria-label': t('chats') });
  const input = el('input', { type: 'search', placeholder: t('switcher.hint'), 'aria-label': t('switcher.hint'), role: 'combobox', 'aria-controls': 'switch-list', 'aria-expanded': 'true', autocomplete: 'off', autofocus: true });
  const box = dialog(t('switcher'), el('div', { className: 'stack' }, input, list));
  box.classList.add('switcher');
  let entries = [];
  let at = 0;
  let people = [];

  function draw() {
    const state = store.get();
    const wish = input.value.trim().toLocaleLowerCase();
    const chats = sortedChats(state).filter((chat) => chat.title.toLocaleLowerCase().includes(wish)).slice(0, 8);
    entries = [...chats.map((chat) => ({ label: chat.title, face: avatar(otherOf(chat, state) || chat, { size: '2rem', group: chat.chat_type !== 'dm' }), go: () => actions.go(chat.id) })),
      ...people.map((user) => ({ label: `${nameOf(user)} · @${user.username}`, face: avatar(user, { size: '2rem' }), go: () => actions.talkTo(user.id) }))];
    at = Math.min(at, Math.max(0, entries.length - 1));
    list.replaceChildren(...entries.map(({ label, face, go }, index) => el('li', { id: `switch-${index}`, role: 'option', className: 'person', 'aria-selected': String(index === at), onclick: () => { box.close(); go(); } }, face, el('span', { className: 'clip', textContent: label }))));
    if (entries.length) input.setAttribute('aria-activedescendant', `switch-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }
  const otherOf = (chat, state) => chat.chat_type === 'dm' && otherMember(chat, state.me);
  input.addEventListener('input', async () => {
    at = 0;
    draw();
    const wish = input.value.trim();
    people = wish ? await api.findUsers(wish).then((found) => found.slice(0, 5), () => []) : [];
    if (wish === input.value.trim()) draw();
  });
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && entries.length) {
      event.preventDefault();
      at = (at + step + entries.length) % entries.length;
      draw();
    }
    if (event.key === 'Enter') { event.preventDefault(); list.children[at]?.click(); }
  });
  draw();
}

export function openHelp() {
  const part = (title, keys) => el('section', {}, el('h3', { textContent: title }), el('dl', { className: 'keys' }, keys.map(([key, what]) => el('div', {}, el('dt', {}, key.split(' ').map((each) => el('kbd', { textContent: each }))), el('dd', { textContent: t(what) })))));
  const box = dialog(t('keys'), [
    part(t('keys.anywhere'), [['Ctrl K', 'keys.switch'], ['/', 'keys.search'], ['Ctrl F', 'search.chat'], ['?', 'keys.help'], ['Esc', 'keys.escape'], ['↑ ↓', 'keys.move']]),
    part(t('keys.composer'), [['Enter', 'keys.send'], ['Shift Enter', 'keys.break'], ['↑', 'keys.last']]),
    part(t('keys.messages'), [['R', 'keys.reply'], ['+', 'keys.react'], ['E', 'keys.edit'], ['Delete', 'keys.delete'], ['Enter', 'keys.menu']])]);
  box.querySelector('.body').tabIndex = 0; // nothing in it can be focused to scroll it by the keyboard
}
