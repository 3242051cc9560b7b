// One group: what it looks like and is about, who is in it and what they may, inviting, leaving and deleting it.
import { avatar, confirmed, dialog, el, field, form, iconButton, menu, nameOf, person } from './dom.js';
import { createFinder } from './finder.js';
import { t } from './i18n.js';
import { createMutes } from './mutes.js';
import { createPins } from './pins.js';
import { about, peopleFinder } from './start.js';

const FEW = 10; // members that are found without a search

export function openGroup({ api, store, actions }, chat) {
  const body = el('div', { className: 'stack' });
  const shown = () => store.get().chats[chat];
  const mine = () => store.get().me.id;
  const box = dialog(shown().title, body, { drawer: true, closed: () => forget() });
  const guarded = (action) => async () => {
    try {
      await action();
    } catch (error) {
      actions.refused(error);
    }
  };
  const sure = (question, action, act) => guarded(async () => { if (await confirmed(question(), action)) await act(); });
  const refresh = async () => store.tell({ type: 'chat', chat: await api.chat(chat) });
  const button = (label, onclick, className = '') => el('button', { type: 'button', className, textContent: t(label), onclick });

  // What is written into while others come and go: it is made once.
  const renaming = form([field('title', t('group.title'), { value: shown().title, maxLength: 255, dir: 'auto' })], t('group.rename'), async (wish) => {
    await api.changeChat(chat, { title: wish.title });
    await refresh();
  });
  const describing = form([field('description', t('group.about'), { tag: 'textarea', rows: 2, maxLength: 1000, dir: 'auto' })], t('save'), async ({ description }) => {
    purpose.textContent = (await api.describe(chat, description)).description;
  });
  const purpose = el('p', { className: 'words', dir: 'auto' });
  const face = el('span', {});
  const portrait = el('div', { className: 'stack portrait' }, face, purpose);
  const choosing = el('input', { type: 'file', name: 'picture', accept: 'image/png,image/jpeg,image/gif,image/webp', hidden: true, 'aria-label': t('profile.avatar') });
  const picture = async (change) => store.tell({ type: 'chat', chat: await api.changeChat(chat, { avatar: await change() }) });
  choosing.addEventListener('change', guarded(() => picture(async () => (await api.upload(choosing.files[0], () => {}).done).id)));
  const unpicturing = button('group.picture.remove', guarded(() => picture(() => null)));
  const picturing = el('div', { className: 'row' }, button('profile.avatar', () => choosing.click()), unpicturing, choosing);
  // What it is about is known to the rooms alone, and changed by the one who made it.
  const owned = el('section', { hidden: true }, describing);
  api.room(chat).then(({ description }) => { purpose.textContent = describing.elements.description.value = description; }, () => {});
  const deleting = button('group.delete', sure(() => t('group.delete.sure', { name: shown().title }), t('group.delete'), async () => {
    await api.deleteChat(chat);
    actions.gone(chat);
  }), 'danger');
  const leaving = button('group.leave', sure(() => `${t('group.leave.sure', { name: shown().title })} ${shown().owner === mine() && shown().member_count > 1 ? t('group.leave.owner') : ''}`, t('group.leave'), async () => {
    await api.removeMember(chat, mine());
    actions.gone(chat);
  }), 'danger');
  const searching = button('search.chat', () => { box.close(); actions.search(chat); });
  const inviting = button('group.invite', () => actions.inviteInto(chat));
  const hooks = button('hooks', () => actions.hooks(chat));
  const changing = el('details', {}, el('summary', { textContent: t('group.change') }), el('div', { className: 'stack' }, picturing, renaming, owned, el('div', {}, deleting)));
  // Who might be added is looked for when somebody wants to.
  const adding = el('details', {}, el('summary', { textContent: t('group.add') }));
  adding.addEventListener('toggle', () => {
    if (!adding.open || adding.children.length > 1) return;
    const finder = peopleFinder(api, (user) => guarded(async () => { await api.addMembers(chat, [user.id]); await refresh(); finder.again(); })(), { skip: (user) => shown().members?.some(({ id }) => id === user.id) });
    adding.append(finder);
    finder.querySelector('input').focus();
  });
  const mutes = createMutes({ api, store, actions }, chat);
  const pins = createPins({ api, actions }, chat, () => box.close());

  const heading = el('h3', {});
  const leads = () => Boolean(shown().is_admin);
  const members = createFinder((wish) => api.members(chat, wish), (member) => {
    const name = nameOf(member);
    const role = member.id === shown().owner ? t('group.owner') : member.is_admin && t('group.admin');
    const items = leads() ? itemsFor(member, name) : [];
    const more = items.length > 0 && iconButton('more', t('admin.more', { name }), ({ currentTarget }) => menu(currentTarget, items));
    return person(member, { online: member.online, note: about(member, role), actions: more || [], onclick: member.id === mine() ? undefined : () => actions.person(member.username) });
  }, { label: t('members.search'), name: t('members.list'), root: box.querySelector('.body') });
  const inside = el('section', {}, heading, members.node);

  // What an admin may do with a member: the owner stays one until they name another.
  function itemsFor({ id, is_admin, is_bot }, name) {
    const { owner } = shown();
    if (id === owner) return [];
    const become = (role, question) => [t(`group.make.${role}`), sure(() => t(question, { name }), t(`group.make.${role}`), async () => store.tell({ type: 'chat', chat: await api.changeRole(chat, id, role) }))];
    return [
      !is_bot && !is_admin && become('admin', 'group.make.admin.sure'),
      is_admin && become('member', id === mine() ? 'group.make.member.self' : 'group.make.member.sure'),
      !is_bot && owner === mine() && become('owner', 'group.make.owner.sure'),
      id !== mine() && [t('group.remove'), sure(() => t('group.remove.sure', { name }), t('remove'), async () => {
        await api.removeMember(chat, id);
        await refresh();
      }), true]].filter(Boolean);
  }

  let drawn = {};
  const forget = store.subscribe(() => {
    if (!box.isConnected) return;
    if (!shown()) return box.close();
    draw();
    return undefined;
  });
  guarded(refresh)();
  draw();

  function draw() {
    const before = drawn;
    const { title, members: list = [], admins = [], owner, avatar_url: look, member_count: count = list.length, revision } = shown();
    drawn = { title, list, count, look, roles: `${owner} ${admins} ${leads()} ${revision}`, leads: leads() };
    if (title !== before.title || look !== before.look) face.replaceChildren(avatar(shown(), { size: '5rem', group: true }));
    unpicturing.hidden = !look;
    owned.hidden = owner !== mine();
    if (title !== before.title) {
      box.querySelector('h2').textContent = title;
      const name = renaming.elements.title;
      if (document.activeElement !== name || name.value === before.title) name.value = title;
    }
    if (before.leads !== drawn.leads) body.replaceChildren(portrait, el('div', { className: 'row' }, searching, ...(drawn.leads ? [inviting, hooks, leaving] : [leaving])), ...(drawn.leads ? [changing, adding] : []), mutes, pins, inside);
    heading.textContent = t('members', { n: count });
    members.input.hidden = count <= FEW;
    const isOther = before.list && (before.count !== count || before.roles !== drawn.roles || before.list.length !== list.length);
    if (isOther) members.again();
  }
}
