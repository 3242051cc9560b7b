// Starting to talk: to somebody, to several, in a public room.
import { avatar, dialog, el, field, form, iconButton, missing, nameOf, person, skeleton } from './dom.js';
import { createFinder } from './finder.js';
import { shortly, t } from './i18n.js';

// Everybody, those online first, and a box that finds among them; `picked` gets each that is
// pressed. `beside` may add something to a line.
export function peopleFinder(api, picked, { skip = () => false, beside = () => [], isChosen } = {}) {
  const finder = createFinder(api.everybody, (user) => {
    if (skip(user)) return null;
    const node = person(user, { online: user.online, note: about(user), actions: beside(user), onclick: () => picked(user) });
    if (isChosen) node.chosen = () => node.classList.toggle('chosen', isChosen(user));
    node.chosen?.();
    return node;
  }, { label: t('find.people'), hint: t('find.name'), name: t('people'), nobody: 'people.none', picks: true });
  finder.list.className = 'everybody';
  return Object.assign(finder.node, { again: finder.clear, drawChosen() { for (const each of finder.list.children) each.chosen?.(); } });
}

// What tells two of one name apart, and whether they are there.
export function about({ username, display_name, online, last_seen }, ...more) {
  const there = online ? t('online') : last_seen && t('seen', { time: shortly(new Date(last_seen)) });
  const rest = [...more, there].filter(Boolean);
  return (display_name === username && rest.length ? rest : [`@${username}`, ...rest]).join(' · ');
}

// One dialog for one or many: whoever is pressed is talked to, unless some are chosen already.
export function chat({ api, store, actions }) {
  let chosen = [];
  const chips = el('div', { className: 'row', role: 'group', 'aria-label': t('new.chosen') });
  const isChosen = ({ id }) => chosen.some((each) => each.id === id);
  const finder = peopleFinder(api, (user) => (chosen.length ? choose(user) : talk(user.id)), {
    skip: ({ id }) => id === store.get().me.id,
    isChosen,
    beside: (user) => iconButton('plus', t('new.choose', { name: nameOf(user) }), () => choose(user), { 'aria-pressed': String(isChosen(user)) }),
  });
  const node = form([chips, field('title', t('optional', { what: t('group.name') }), { maxLength: 255, autocomplete: 'off' })], t('group.create'), async ({ title }) => {
    if (isDirect()) return void talk(chosen[0].id);
    const made = await api.makeChat({ chat_type: 'group', member_ids: chosen.map(({ id }) => id), ...(title.trim() && { title }) });
    store.tell({ type: 'chat', chat: made });
    box.close();
    return actions.go(made.id);
  });
  node.hidden = true;
  const isDirect = () => chosen.length === 1 && !node.elements.title.value.trim();
  const name = () => { node.querySelector('[type=submit]').textContent = t(isDirect() ? 'message.person' : 'group.create'); };
  node.elements.title.addEventListener('input', name);
  const others = el('div', { className: 'row' },
    el('button', { type: 'button', textContent: t('notes'), onclick: () => talk(store.get().me.id) }),
    el('button', { type: 'button', textContent: t('browse'), onclick: () => { box.close(); actions.start('browse'); } }),
    el('button', { type: 'button', textContent: t('invite'), onclick: () => { box.close(); actions.invite(); } }));
  const box = dialog(t('new'), [finder, node, others]);

  function talk(id) {
    box.close();
    actions.talkTo(id);
  }
  function choose(user) {
    chosen = isChosen(user) ? chosen.filter(({ id }) => id !== user.id) : [...chosen, user];
    chips.replaceChildren(...chosen.map((each) => el('button', { type: 'button', className: 'chip', title: t('remove.name', { name: nameOf(each) }), onclick: () => choose(each) }, avatar(each, { size: '1.5rem' }), el('span', { className: 'clip', dir: 'auto', textContent: nameOf(each) }), el('span', { 'aria-hidden': 'true', textContent: '×' }))));
    node.hidden = chosen.length === 0;
    others.hidden = !node.hidden;
    name();
    finder.drawChosen();
    for (const button of finder.querySelectorAll('[aria-pressed]')) button.setAttribute('aria-pressed', String(button.closest('li').classList.contains('chosen')));
  }
}

export function browse({ api, actions }) {
  const list = el('ul', {}, skeleton(4));
  const opening = form([field('name', t('public.name'), { maxLength: 255, required: true }), field('description', t('public.about'))], t('public.create'), async ({ name, description }) => {
    const room = await api.makeRoom({ name, description });
    box.close();
    actions.go(room.id);
  });
  const box = dialog(t('browse'), [el('section', {}, list), el('section', {}, el('h3', { textContent: t('public.own') }), opening)], { drawer: true });
  show();
  async function show() {
    try {
      const rooms = await api.publicRooms();
      list.replaceChildren(...(rooms.length ? rooms.map(line) : [el('li', { className: 'soft', textContent: t('public.none') })]));
    } catch (error) {
      list.replaceChildren(el('li', {}, missing(error, show)));
    }
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
