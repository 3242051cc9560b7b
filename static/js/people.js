// People: friends, anyone's page, and the posts of everybody.
import { avatar, confirmed, dialog, el, field, form, missing, nameOf, person, skeleton } from './dom.js';
import { fullTime, shortly, t } from './i18n.js';
import { draw as markup } from './markup.js';
import { createMutes } from './mutes.js';
import { createPins } from './pins.js';
import { peopleFinder } from './start.js';
import { otherMember } from './state.js';

// `messenger` prints a path even for those without a picture.
const picture = (image) => (image?.endsWith('/default.jpg') ? null : image);

export async function openPeople(world) {
  const { api, actions } = world;
  const friends = el('ul', {}, skeleton(3));
  const feed = el('div', { className: 'stack' }, skeleton(4));
  const writing = form([field('title', t('post.title'), { maxLength: 255, required: true }), field('content', t('post.content'), { tag: 'textarea', rows: 4, required: true })], t('post.send'), async (wish, node) => {
    await api.writePost(wish);
    node.reset();
    await show();
  });
  dialog(t('people.posts'), [
    el('section', {}, el('h3', { textContent: t('find.people') }), peopleFinder(api, ({ username }) => actions.person(username))),
    el('section', {}, el('h3', { textContent: t('friends') }), friends),
    el('section', {}, el('h3', { textContent: t('post.new') }), writing),
    el('section', {}, el('h3', { textContent: t('posts') }), feed)], { drawer: true });
  // Friends and posts come together, or not.
  async function show() {
    const [mine, posts] = await Promise.all([api.profile(), api.posts()]);
    const known = await Promise.all((mine.profile.friends ?? []).slice(0, 200).map((id) => api.user(id).catch(() => null)));
    friends.replaceChildren(...(known.filter(Boolean).length ? known.filter(Boolean).map((user) => person(user, { online: world.store.get().presence[user.id]?.online, onclick: () => actions.person(user.username) })) : [el('li', { className: 'soft', textContent: t('friends.none') })]));
    feed.replaceChildren(...(posts.length ? posts.toReversed().slice(0, 200).map((each) => post(each)) : [el('p', { className: 'soft', textContent: t('posts.none') })]));
  }
  const start = () => show().catch((error) => {
    friends.replaceChildren();
    feed.replaceChildren(missing(error, start));
  });
  start();
}

function closeAll() {
  for (const open of document.querySelectorAll('dialog[open]')) open.close();
}

function post({ title, content, created_at, author }) {
  const at = new Date(created_at);
  return el('article', { className: 'stack post' }, el('h3', { className: 'words', dir: 'auto', textContent: title }), el('div', { className: 'content', dir: 'auto' }, markup(content)),
    el('p', { className: 'soft words', dir: 'auto' }, author ? `${nameOf(author)} · ` : '', el('time', { dateTime: created_at, title: fullTime(at), textContent: shortly(at) })));
}

export async function openPerson(world, username) {
  const { api, store, actions } = world;
  const body = el('div', { className: 'stack' }, skeleton(5));
  const box = dialog(`@${username}`, body, { drawer: true });
  try {
    await draw();
  } catch (error) {
    box.close();
    actions.refused(error);
  }

  async function draw() {
    const { me, chats, presence } = store.get();
    const [found, mine] = await Promise.all([api.person(username), api.profile()]);
    const user = { ...await api.user(found.id), avatar_url: picture(found.profile.image) };
    const isFriend = (mine.profile.friends ?? []).includes(user.id);
    const name = nameOf(user);
    const change = async (action) => {
      try {
        await action();
        await draw();
      } catch (error) {
        actions.refused(error);
      }
    };
    const dm = Object.values(chats).find((chat) => chat.chat_type === 'dm' && otherMember(chat, me)?.id === user.id);
    body.replaceChildren(
      el('div', { className: 'stack portrait' }, avatar(user, { size: '6rem', online: presence[user.id]?.online }), el('h2', { className: 'words', dir: 'auto', textContent: name }), el('p', { className: 'soft', textContent: `@${user.username}` })),
      el('p', { className: 'words', dir: 'auto', textContent: user.bio ?? '' }),
      el('div', { className: 'row' },
        el('button', { type: 'button', className: 'primary', textContent: t('message.person'), onclick: () => { closeAll(); actions.talkTo(user.id); } }),
        user.id !== me.id && (isFriend
          ? el('button', { type: 'button', textContent: t('friend.remove'), onclick: async () => (await confirmed(t('friend.remove.sure', { name }), t('friend.remove'))) && change(() => api.removeFriend(username)) })
          : el('button', { type: 'button', textContent: t('friend.add'), onclick: () => change(() => api.addFriend(username)) })),
        dm && el('button', { type: 'button', textContent: t('search.chat'), onclick: () => { closeAll(); actions.search(dm.id); } }),
        dm && el('button', { type: 'button', className: 'danger', textContent: t('dm.delete'), onclick: async () => {
          if (!(await confirmed(t('dm.delete.sure', { name }), t('dm.delete')))) return;
          await api.deleteChat(dm.id);
          box.close();
          actions.gone(dm.id);
        } })),
      dm ? createPins(world, dm.id, closeAll) : [],
      dm && user.id !== me.id ? createMutes(world, dm.id) : [],
      el('section', {}, el('h3', { textContent: t('posts.of', { name }) }), found.posts.length ? found.posts.toReversed().map(post) : el('p', { className: 'soft', textContent: t('posts.none') })));
  }
}
