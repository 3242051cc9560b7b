// Oneself and the page: profile, look, language, notifications, password, token.
import { HOME } from '../fireside.js';
import { deviceName } from './device.js';
import { avatar, confirmed, dialog, el, field, form, nameOf, needed, pages, skeleton, toast } from './dom.js';
import { LANGUAGES, language, shortly, t } from './i18n.js';
import { createDrafts, key } from './kept.js';
import { copied } from './markup.js';
import { chime, settings } from './notify.js';
import { createPush } from './push.js';
import { createQuiet } from './quiet.js';

// Where fingers alone point there is hardly a keyboard.
const hasKeys = () => !matchMedia('(hover: none) and (pointer: coarse)').matches;

export function openSettings({ api, store, actions, signOut }) {
  const guarded = (action) => async () => {
    try {
      await action();
    } catch (error) {
      actions.refused(error);
    }
  };
  const section = (title, ...content) => el('section', {}, el('h3', { textContent: title }), content);
  const { me } = store.get();
  const admin = el('button', { type: 'button', hidden: true, textContent: t('admin'), onclick: () => needed(() => import('./admin.js'), ({ openAdmin }) => openAdmin({ api, actions, me })) });
  const server = api.server();
  const elsewhere = el('section', { hidden: true });
  server.then(({ user, oidc }) => {
    admin.hidden = !user.is_admin; // the right as it is now
    if (oidc) import('./elsewhere.js').then(({ showLink }) => showLink(elsewhere, { api, name: oidc.name, refused: actions.refused }), () => {});
  }, () => {});
  dialog(t('settings'), [
    el('div', { className: 'row' }, admin, el('button', { type: 'button', textContent: t('invite'), onclick: () => actions.invite() }), hasKeys() && el('button', { type: 'button', textContent: t('shortcuts'), onclick: () => needed(() => import('./keys.js'), ({ openHelp }) => openHelp()) })),
    section(t('profile.mine'), picture(), profile()),
    section(t('appearance'), choice('theme', t('theme'), { auto: t('theme.auto'), light: t('theme.light'), dark: t('theme.dark') }, localStorage.getItem(key('theme')) ?? 'auto', wear),
      choice('language', t('language'), LANGUAGES, language, speak)),
    section(t('notifications'), notifications()),
    section(t('password'), password()),
    section(t('factor'), factor()),
    elsewhere,
    section(t('token'), token()),
    section(t('sessions'), sessions()),
    section(t('signout'), el('div', { className: 'row' },
      el('button', { type: 'button', textContent: t('signout'), onclick: async () => {
        if (unsent() && !(await confirmed(unsent(), t('signout')))) return;
        await api.logout().catch(() => {});
        signOut(null);
      } }),
      el('button', { type: 'button', className: 'danger', textContent: t('signout.all'), onclick: guarded(async () => {
        if (!(await confirmed(`${t('signout.all.sure')} ${unsent()}`, t('signout.all')))) return;
        await api.logoutAll();
        signOut(null);
      }) })))], { drawer: true });

  // What would be lost, as it is erased here.
  function unsent() {
    const n = store.get().unsent.length + createDrafts(me.id).all().length;
    return n ? t('signout.unsent', { n }) : '';
  }

  function picture() {
    const face = el('span', {}, avatar(me, { size: '4rem' }));
    const input = el('input', { type: 'file', accept: 'image/png,image/jpeg,image/gif,image/webp', hidden: true, 'aria-label': t('profile.avatar') });
    input.addEventListener('change', guarded(async () => {
      const file = await api.upload(input.files[0], () => {}).done;
      const changed = await api.changeProfile(me.id, { avatar: file.id });
      store.tell({ type: 'known', me: { ...store.get().me, ...changed } });
      face.replaceChildren(avatar(changed, { size: '4rem' }));
    }));
    return el('div', { className: 'row' }, face, el('button', { type: 'button', textContent: t('profile.avatar'), onclick: () => input.click() }), input);
  }
  function profile() {
    return form([field('display_name', t('profile.name'), { value: nameOf(me), maxLength: 150, autocomplete: 'nickname' }), field('bio', t('profile.bio'), { tag: 'textarea', value: me.bio ?? '', rows: 3, maxLength: 1000 })], t('save'), async (wish) => {
      store.tell({ type: 'known', me: { ...store.get().me, ...await api.changeProfile(me.id, wish) } });
      toast(t('saved'));
    });
  }
  function choice(name, label, options, chosen, act) {
    const select = el('select', { name, onchange: () => act(select.value) }, Object.entries(options).map(([value, text]) => el('option', { value, textContent: text, selected: value === chosen })));
    return el('label', {}, el('span', { textContent: label }), select);
  }
  function wear(theme) {
    if (theme === 'auto') {
      localStorage.removeItem(key('theme'));
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(key('theme'), theme);
      document.documentElement.dataset.theme = theme;
    }
  }
  function speak(wish) {
    localStorage.setItem(key('language'), wish);
    location.reload();
  }
  function notifications() {
    const desktop = el('input', { type: 'checkbox', checked: settings.desktop, onchange: async () => {
      if (desktop.checked && (await globalThis.Notification?.requestPermission()) !== 'granted') {
        desktop.checked = false;
        toast(t('notify.refused'));
      }
      settings.desktop = desktop.checked;
    } });
    const sound = el('input', { type: 'checkbox', checked: settings.sound, onchange: () => { settings.sound = sound.checked; if (sound.checked) chime(); } });
    return [el('label', { className: 'choice' }, desktop, t('notify.desktop')), el('label', { className: 'choice' }, sound, t('notify.sound')), createPush({ api, actions }, server), createQuiet({ api, actions })];
  }
  function password() {
    return form([el('input', { name: 'username', autocomplete: 'username', value: me.username, hidden: true }),
      field('old_password', t('password.old'), { type: 'password', autocomplete: 'current-password', required: true }), field('new_password', t('password.new'), { type: 'password', autocomplete: 'new-password', required: true })], t('password.change'), async ({ old_password, new_password }, node) => {
      await api.password({ old_password, new_password });
      node.reset();
      toast(t('password.changed'));
    });
  }
  function factor() {
    const place = el('div', {}, skeleton(1));
    needed(() => import('./factor.js'), ({ factorPart }) => place.replaceChildren(factorPart({ api, me })));
    return place;
  }
  function sessions() {
    const list = el('ul', {}, skeleton(2));
    const show = pages(list, api.sessions, (session) => {
      const { id, kind, label, created_at, used_at, current } = session;
      const name = deviceName(label) ?? t(`session.${kind}`);
      const used = t('session.used', { since: shortly(new Date(created_at)), used: shortly(new Date(used_at)) });
      const end = el('button', { type: 'button', textContent: t('session.end'), 'aria-label': t('session.end.name', { name }), onclick: guarded(async () => {
        await api.endSession(id);
        await show();
      }) });
      return el('li', { className: 'person' }, el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: name }), el('span', { className: 'soft words', textContent: current ? t('session.this') : used })), current ? null : end);
    });
    show();
    return list;
  }
  function token() {
    const place = el('div', { className: 'stack' });
    const show = (text) => {
      const curl = `curl -H 'Authorization: Token ${text}' ${HOME}/messages/api/chats/`;
      place.replaceChildren(line(text), el('span', { className: 'soft', textContent: t('token.curl') }), line(curl),
        el('div', { className: 'row' }, el('button', { type: 'button', className: 'danger', textContent: t('token.rotate'), onclick: guarded(async () => {
          if (await confirmed(t('token.rotate.sure'), t('token.rotate'))) show((await api.rotateToken()).token);
        }) })));
    };
    const line = (text) => el('div', { className: 'row secret' }, el('code', { className: 'grow words', textContent: text }), el('button', { type: 'button', textContent: t('copy'), onclick: () => copied(text) }));
    place.append(el('div', { className: 'row' }, el('button', { type: 'button', textContent: t('token.show'), onclick: guarded(async () => show((await api.apiToken()).token)) })));
    return [el('p', { className: 'soft', textContent: t('token.about') }), place, el('a', { href: `${HOME}/docs`, textContent: t('token.docs') })];
  }
}
