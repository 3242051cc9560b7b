// Starting to talk: to someone, in a new group, in a public room.
import { avatar, dialog, el, field, form, nameOf, person, skeleton } from './dom.js';
import { t } from './i18n.js';

// A box that finds people; `picked` gets each that is pressed.
export function peopleFinder(api, picked, skip = () => false) {
  const input = el('input', { type: 'search', placeholder: t('find.hint'), 'aria-label': t('find.people'), autocomplete: 'off', spellcheck: false, autofocus: true });
  const list = el('ul', { 'aria-label': t('people') });
  const note = el('p', { className: 'soft', role: 'status' });
  let timer;
  async function find() {
    const wish = input.value.trim();
    const found = wish ? await api.findUsers(wish).catch(() => []) : [];
    if (wish !== input.value.trim()) return;
    const shown = found.filter((user) => !skip(user));
    note.textContent = wish && !shown.length ? t('found.none') : '';
    list.replaceChildren(...shown.map((user) => person(user, { onclick: () => { input.value = ''; find(); input.focus(); picked(user); } })));
  }
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(find, 150); });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); list.querySelector('button')?.click(); }
    if (event.key === 'ArrowDown') { event.preventDefault(); list.querySelector('button')?.focus(); }
  });
  return el('div', { className: 'stack' }, input, note, list);
}

export function dm({ api, store, actions }) {
  const talk = (id) => { box.close(); actions.talkTo(id); };
  const notes = el('button', { type: 'button', textContent: t('notes'), onclick: () => talk(store.get().me.id) });
  const box = dialog(t('new.dm'), [peopleFinder(api, ({ id }) => talk(id)), notes]);
}

export function group({ api, store, actions }) {
  let chosen = [];
  const chips = el('div', { className: 'row' });
  const draw = () => chips.replaceChildren(...chosen.map((user) => el('button', { type: 'button', 'aria-label': t('remove.name', { name: nameOf(user) }), onclick: () => { chosen = chosen.filter((each) => each !== user); draw(); } }, avatar(user, { size: '1.5rem' }), nameOf(user), ' ×')));
  const finder = peopleFinder(api, (user) => { chosen.push(user); draw(); }, (user) => chosen.some((each) => each.id === user.id));
  const node = form([field('title', t('group.name'), { maxLength: 255, required: true })], t('group.create'), async ({ title }) => {
    const chat = await api.makeChat({ chat_type: 'group', title, member_ids: chosen.map(({ id }) => id) });
    store.tell({ type: 'chat', chat });
    box.close();
    actions.go(chat.id);
  });
  node.children[0].after(el('fieldset', { className: 'stack' }, el('legend', { className: 'quiet-title', textContent: t('group.pick') }), chips, finder));
  finder.querySelector('input').autofocus = false;
  node.elements.title.autofocus = true;
  const box = dialog(t('new.group'), node);
}

export async function browse({ api, actions }) {
  const list = el('ul', {}, skeleton(4));
  const opening = form([field('name', t('public.name'), { maxLength: 255, required: true }), field('description', t('public.about'))], t('public.create'), async ({ name, description }) => {
    const room = await api.makeRoom({ name, description });
    box.close();
    actions.go(room.id);
  });
  const box = dialog(t('browse'), [el('section', {}, list), el('section', {}, el('h3', { textContent: t('public.own') }), opening)], { drawer: true });
  try {
    const rooms = await api.publicRooms();
    list.replaceChildren(...(rooms.length ? rooms.map(line) : [el('li', { className: 'soft', textContent: t('public.none') })]));
  } catch (error) {
    actions.refused(error);
  }
  function line(room) {
    const join = el('button', { type: 'button', textContent: t('join'), 'aria-label': t('join.name', { name: room.name }), onclick: async () => {
      join.disabled = true;
      try {
        await api.join(room.id);
        box.close();
        actions.go(room.id);
      } catch (error) {
        join.disabled = false;
        actions.refused(error);
      }
    } });
    return el('li', { className: 'person' }, avatar({ ...room, title: room.name }, { group: true }),
      el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: room.name }), el('span', { className: 'soft clip', textContent: room.description || t('members', { n: room.participant_count }) })), join);
  }
}
