// One group: its title, its members, leaving and deleting it.
import { createNear } from './attachment.js';
import { avatar, confirmed, dialog, el, field, form, iconButton, nameOf, person } from './dom.js';
import { t } from './i18n.js';
import { createPins } from './pins.js';
import { peopleFinder } from './start.js';

const FEW = 10; // members that are found without a search
const AT_ONCE = 100; // members that are put on the page at a time

export function openGroup({ api, store, actions }, chat) {
  const body = el('div', { className: 'stack' });
  const shown = () => store.get().chats[chat];
  const box = dialog(shown().title, body, { drawer: true, closed: () => forget() });
  const guarded = (action) => async () => {
    try {
      await action();
    } catch (error) {
      actions.refused(error);
    }
  };
  const refresh = async () => store.tell({ type: 'chat', chat: await api.chat(chat) });

  // What is written into while others come and go: it is made once.
  const renaming = form([field('title', t('group.title'), { value: shown().title, maxLength: 255, dir: 'auto' })], t('group.rename'), async (wish) => {
    await api.rename(chat, wish.title);
    await refresh();
  });
  const heading = el('h3', {});
  const search = el('input', { type: 'search', placeholder: t('members.search'), 'aria-label': t('members.search'), autocomplete: 'off', spellcheck: false, oninput: () => drawMembers() });
  const list = el('ul', {});
  const none = el('p', { className: 'soft', role: 'status' });
  const near = createNear(box.querySelector('.body'));
  // Who might be added is looked for when somebody wants to.
  const adding = el('details', {}, el('summary', { textContent: t('group.add') }));
  adding.addEventListener('toggle', () => {
    if (!adding.open || adding.children.length > 1) return;
    const finder = peopleFinder(api, (user) => guarded(async () => { await api.addMembers(chat, [user.id]); await refresh(); finder.again(); })(), { skip: (user) => shown().members.some(({ id }) => id === user.id) });
    adding.append(finder);
    finder.querySelector('input').focus();
  });
  const deleting = el('button', { type: 'button', className: 'danger', textContent: t('group.delete'), onclick: guarded(async () => {
    if (!(await confirmed(t('group.delete.sure', { name: shown().title }), t('group.delete')))) return;
    await api.deleteChat(chat);
    actions.gone(chat);
  }) });
  const leaving = el('button', { type: 'button', className: 'danger', textContent: t('group.leave'), onclick: guarded(async () => {
    if (!(await confirmed(t('group.leave.sure', { name: shown().title }), t('group.leave')))) return;
    await api.removeMember(chat, store.get().me.id);
    actions.gone(chat);
  }) });
  const inside = el('section', {}, heading, list, none);
  const about = el('p', { className: 'words', dir: 'auto' });
  const portrait = el('div', { className: 'stack portrait' }, avatar(shown(), { size: '5rem', group: true }), about);
  const describing = form([field('description', t('group.about'), { tag: 'textarea', rows: 2, maxLength: 1000, dir: 'auto' })], t('save'), async ({ description }) => {
    about.textContent = (await api.describe(chat, description)).description;
  });
  const pins = createPins({ api, actions }, chat, () => box.close());
  // What it is about is known to the rooms alone, and changed by the one who made it.
  const owned = el('section', { hidden: true }, describing);
  api.room(chat).then(({ description, owner }) => {
    about.textContent = describing.elements.description.value = description;
    owned.hidden = owner?.id !== store.get().me.id;
  }, () => {});

  let drawn;
  let led; // whether it was drawn for one of its admins
  const forget = store.subscribe(() => {
    if (!box.isConnected) return;
    if (!shown()) return box.close();
    if (shown() !== drawn) draw();
    return undefined;
  });
  guarded(refresh)();
  draw();

  function draw() {
    const before = drawn;
    const { title, members = [], admins = [] } = drawn = shown();
    const leads = admins.includes(store.get().me.id);
    box.querySelector('h2').textContent = title;
    const name = renaming.elements.title;
    if (document.activeElement !== name || name.value === before?.title) name.value = title;
    if (led !== leads) body.replaceChildren(...[portrait, pins, ...(leads ? [el('details', {}, el('summary', { textContent: t('group.change') }), el('div', { className: 'stack' }, renaming, owned)), inside, adding, el('div', { className: 'row' }, leaving, deleting)] : [inside, el('div', { className: 'row' }, leaving)])]);
    led = leads;
    heading.textContent = t('members', { n: members.length });
    if (members.length > FEW && !search.isConnected) heading.after(search);
    if (before?.members !== members || before?.admins !== admins) drawMembers();
  }

  // All who fit what is searched, as far down as one looks.
  function drawMembers() {
    const { members = [], admins = [] } = shown();
    const { me, presence } = store.get();
    const leads = admins.includes(me.id);
    const wish = search.value.trim().toLocaleLowerCase();
    const found = members.filter(({ username, display_name }) => !wish || [username, display_name].some((text) => text?.toLocaleLowerCase().includes(wish)));
    const line = (member) => {
      const remove = leads && member.id !== me.id && iconButton('close', t('remove.name', { name: nameOf(member) }), guarded(async () => {
        if (!(await confirmed(t('group.remove.sure', { name: nameOf(member) }), t('remove')))) return;
        await api.removeMember(chat, member.id);
        await refresh();
      }));
      return person(member, { online: presence[member.id]?.online, note: admins.includes(member.id) ? `@${member.username} · ${t('group.admin')}` : undefined, actions: remove || [], onclick: member.id === me.id ? undefined : () => actions.person(member.username) });
    };
    const more = (from) => {
      const last = found.slice(from, from + AT_ONCE).map(line);
      list.append(...last);
      if (from + AT_ONCE < found.length) near(last.at(-1), () => last.at(-1).isConnected && more(from + AT_ONCE));
    };
    const focused = [...list.children].findIndex((each) => each.contains(document.activeElement));
    list.replaceChildren();
    more(0);
    if (focused >= 0) (list.children[Math.min(focused, list.children.length - 1)]?.querySelector('button') ?? box.querySelector('header button')).focus({ preventScroll: true });
    none.textContent = found.length ? '' : t('found.none');
  }
}
