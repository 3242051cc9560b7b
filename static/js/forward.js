// Passing a message on into another chat, as a quotation with its author's name.
import { avatar, dialog, el, nameOf, toast } from './dom.js';
import { t } from './i18n.js';
import { otherMember, sortedChats } from './state.js';

const SHOWN = 30;

export function openForward({ store, outbox }, message) {
  const { me } = store.get();
  const search = el('input', { type: 'search', placeholder: t('switcher.hint'), 'aria-label': t('switcher.hint'), autocomplete: 'off', autofocus: true, oninput: draw });
  const list = el('ul', { 'aria-label': t('chats') });
  const box = dialog(t('forward.to'), el('div', { className: 'stack' }, search, list));
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); list.querySelector('button')?.click(); }
    if (event.key === 'ArrowDown') { event.preventDefault(); list.querySelector('button')?.focus(); }
  });
  draw();

  function draw() {
    const wish = search.value.trim().toLocaleLowerCase();
    const found = sortedChats(store.get()).filter(({ title }) => title.toLocaleLowerCase().includes(wish)).slice(0, SHOWN);
    list.replaceChildren(...found.map(line));
  }
  function line(chat) {
    const other = chat.chat_type === 'dm' && otherMember(chat, me);
    return el('li', { className: 'person' }, el('button', { type: 'button', className: 'person-open grow', onclick: () => pass(chat) },
      avatar(other || chat, { group: !other }), el('span', { className: 'grow' }, el('span', { className: 'clip', dir: 'auto', textContent: chat.title }))));
  }
  function pass(chat) {
    const files = (message.attachments ?? []).map(({ name }) => `📎 ${name}`);
    const quoted = [...message.content.split('\n'), ...files].filter(Boolean).map((text) => `> ${text}`);
    outbox.add(chat.id, [t('forwarded', { name: nameOf(message.sender) }), ...quoted].join('\n'));
    box.close();
    toast(t('forward.done', { title: chat.title }));
  }
}
