// Who that is, in a few words beside their picture.
import { avatar, botMark, el, nameOf, popover, style } from './dom.js';
import { shortly, t } from './i18n.js';

export async function openCard({ store, actions }, anchor, user) {
  await style('card');
  const { me, presence, open, chats } = store.get();
  const known = chats[open]?.members?.find(({ id }) => id === user.id) ?? user;
  const { online, last_seen } = presence[user.id] ?? {};
  const seen = online ? t('online') : last_seen ? t('seen', { time: shortly(new Date(last_seen)) }) : '';
  const node = popover(anchor, el('div', { className: 'card-of' },
    avatar(known, { size: '4rem', online }),
    el('b', { className: 'words', dir: 'auto', textContent: nameOf(known) }), botMark(known), el('span', { className: 'soft clip', textContent: `@${known.username}` }),
    el('span', { className: 'soft', textContent: seen }),
    el('div', { className: 'row' },
      user.id !== me.id && button('message.person', () => actions.talkTo(user.id), 'primary'), button('profile', () => actions.person(known.username)))));
  node.classList.add('of-person');

  function button(label, act, className = '') {
    return el('button', { type: 'button', className, textContent: t(label), onclick: () => { node.hidePopover(); act(); } });
  }
}
