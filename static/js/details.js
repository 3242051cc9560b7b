// Of one message: when it was said, who has read it, and who reacted with what.
import { dialog, el, person } from './dom.js';
import { fullTime, t } from './i18n.js';
import { whoRead } from './state.js';

export function openDetails({ store, actions }, message) {
  const state = store.get();
  const byId = new Map(state.chats[state.open].members?.map((member) => [member.id, member]));
  const people = (ids) => el('ul', {}, ids.flatMap((id) => byId.get(id) ?? []).map((member) => person(member, { online: state.presence[member.id]?.online, onclick: member.id === state.me.id ? undefined : () => actions.person(member.username) })));
  const isMine = message.sender.id === state.me.id;
  const readers = whoRead(state, state.open, message);
  dialog(t('details'), [
    el('p', { className: 'soft', textContent: fullTime(new Date(message.created_at)) }),
    ...(message.reactions ?? []).map(({ emoji, users }) => el('section', {}, el('h3', { className: 'face', textContent: emoji }), people(users))),
    (isMine || readers.length > 0) && el('section', {}, el('h3', { textContent: t('details.read') }), readers.length ? people(readers) : el('p', { className: 'soft', textContent: t('details.unread') })),
  ].filter(Boolean), { drawer: true });
}
