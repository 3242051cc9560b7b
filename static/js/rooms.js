// The list of rooms: mine, those I could join, and a form to make one.
import { element, onSubmit } from './forms.js';

export function createRooms(store, { join, make }) {
  const form = document.querySelector('#make-room');
  onSubmit(form, async ({ name, is_private }) => {
    await make({ name, is_private: is_private !== undefined });
    form.reset();
  });

  let drawn = {};
  store.subscribe((state) => {
    if (state.me) document.querySelector('#me').textContent = state.me.display_name;
    const { mine, open, room } = state;
    if (drawn.mine === mine && drawn.open === open && drawn.room === room) return;
    drawn = { mine, open, room };
    fill('#mine', mine.map((each) => link(each, room)), 'None yet.');
    fill('#public', open.map((each) => invitation(each, join)), 'None that you are not in.');
  });
}

function fill(selector, items, none) {
  const list = document.querySelector(selector);
  list.replaceChildren(...(items.length ? items : [element('li', { className: 'none', textContent: none })]));
}

function link(room, current) {
  const anchor = element('a', { href: `#room-${room.id}`, textContent: room.name, className: 'clip' });
  if (room.id === current?.id) anchor.setAttribute('aria-current', 'page');
  return element('li', {}, anchor);
}

function invitation(room, join) {
  const button = element('button', { type: 'button', textContent: 'Join', ariaLabel: `Join ${room.name}` });
  button.addEventListener('click', async () => {
    button.disabled = true;
    await join(room);
    button.disabled = false;
  });
  const people = element('span', { className: 'people', textContent: `${room.participant_count} in it` });
  return element('li', {}, element('span', { className: 'clip', textContent: room.name }), people, button);
}
