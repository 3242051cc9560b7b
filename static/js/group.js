// One group: its title, its members, leaving and deleting it.
import { confirmed, dialog, el, field, form, iconButton, nameOf, person } from './dom.js';
import { t } from './i18n.js';
import { peopleFinder } from './start.js';

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

  let drawn;
  const forget = store.subscribe(() => {
    if (!box.isConnected) return;
    if (!shown()) return box.close();
    if (shown() !== drawn) draw();
    return undefined;
  });
  guarded(refresh)();
  draw();

  function draw() {
    const { title, members = [], admins = [] } = drawn = shown();
    const me = store.get().me.id;
    const leads = admins.includes(me);
    box.querySelector('h2').textContent = title;
    const keptFocus = body.contains(document.activeElement) && document.activeElement.matches('input');
    if (keptFocus) return; // one does not take the form from under somebody's hands
    const renaming = form([field('title', t('group.title'), { value: title, maxLength: 255 })], t('group.rename'), async (wish) => {
      await api.rename(chat, wish.title);
      document.activeElement.blur();
      await refresh();
    });
    const line = (member) => {
      const isAdmin = admins.includes(member.id);
      const remove = leads && member.id !== me && iconButton('close', t('remove.name', { name: nameOf(member) }), guarded(async () => {
        if (!(await confirmed(t('group.remove.sure', { name: nameOf(member) }), t('remove')))) return;
        await api.removeMember(chat, member.id);
        await refresh();
      }));
      return person(member, { online: store.get().presence[member.id]?.online, note: isAdmin ? `@${member.username} · ${t('group.admin')}` : undefined, actions: remove || [], onclick: member.id === me ? undefined : () => actions.person(member.username) });
    };
    body.replaceChildren(
      leads ? renaming : el('span', {}),
      el('section', {}, el('h3', { textContent: t('members', { n: members.length }) }), el('ul', {}, members.slice(0, 300).map(line))),
      leads ? el('section', {}, el('h3', { textContent: t('group.add') }), peopleFinder(api, (user) => guarded(async () => { await api.addMembers(chat, [user.id]); document.activeElement.blur(); await refresh(); })(), (user) => members.some(({ id }) => id === user.id))) : el('span', {}),
      el('div', { className: 'row' },
        el('button', { type: 'button', className: 'danger', textContent: t('group.leave'), onclick: guarded(async () => {
          if (!(await confirmed(t('group.leave.sure', { name: title }), t('group.leave')))) return;
          await api.removeMember(chat, me);
          actions.gone(chat);
        }) }),
        leads && el('button', { type: 'button', className: 'danger', textContent: t('group.delete'), onclick: guarded(async () => {
          if (!(await confirmed(t('group.delete.sure', { name: title }), t('group.delete')))) return;
          await api.deleteChat(chat);
          actions.gone(chat);
        }) })));
  }
}
