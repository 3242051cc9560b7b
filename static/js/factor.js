// Two-factor authentication: turning it on, what signs in when the phone is lost, turning it off.
import { confirmed, dialog, el, field, form, missing, skeleton, style, toast } from './dom.js';
import { t } from './i18n.js';
import { copied } from './markup.js';

// As it stands in the settings.
export function factorPart({ api, me }) {
  const part = el('div', { className: 'stack' }, skeleton(2));
  const show = () => api.factor().then((state) => part.replaceChildren(...(state.on ? on(state) : off())), (error) => part.replaceChildren(missing(error, show)));
  show();
  return part;

  function off() {
    const begin = el('button', { type: 'button', textContent: t('factor.start'), onclick: () => part.replaceChildren(settingUp({ api, me, done: show })) });
    return [el('p', { className: 'soft', textContent: t('factor.about') }), el('div', { className: 'row' }, begin)];
  }
  function on({ recovery_codes_left }) {
    const end = form([known(me), field('password', t('signin.password'), { type: 'password', autocomplete: 'current-password' })], t('factor.end'), async ({ password }) => {
      if (!(await confirmed(t('factor.end.sure'), t('factor.end')))) return;
      await api.endFactor(password);
      toast(t('factor.ended'));
      await show();
    });
    end.querySelector('[type=submit]').classList.replace('primary', 'danger');
    return [el('p', { textContent: `${t('factor.on')} ${t('factor.left', { n: recovery_codes_left })}` }), el('details', {}, el('summary', { textContent: t('factor.end') }), end)];
  }
}

// The page of those who have to have it, and have it not yet.
export async function createRequired(root, { api, frame, speak, done, left }) {
  const me = await api.me();
  const leave = el('button', { type: 'button', className: 'plain', textContent: t('signout'), onclick: async () => { await api.logout().catch(() => {}); left(null); } });
  const { name } = frame(root, el('div', { className: 'card stack' }, el('h2', { textContent: t('factor') }), el('p', { textContent: t('factor.required') }), settingUp({ api, me, done }), leave), { speak });
  api.server().then((server) => name(server.name), () => {});
}

// In three steps: the password, the app, the recovery codes.
function settingUp({ api, me, done }) {
  const place = el('div', { className: 'stack' });
  const first = form([known(me), field('password', t('signin.password'), { type: 'password', autocomplete: 'current-password' })], t('factor.next'), async ({ password }) => {
    const started = await api.startFactor(password);
    place.replaceChildren(second(started));
    place.querySelector('[name=otp]').focus();
  });
  place.append(el('p', { className: 'soft', textContent: t('factor.password') }), first);
  return place;

  function second({ secret, qr }) {
    // A picture in a page of its own: nothing in it is the page's markup.
    const picture = el('img', { className: 'qr', alt: t('factor.qr'), src: `data:image/svg+xml,${encodeURIComponent(qr)}` });
    const key = el('div', { className: 'row secret' }, el('code', { className: 'grow words', 'aria-label': t('factor.key'), textContent: secret.match(/.{1,4}/g).join(' ') }), el('button', { type: 'button', textContent: t('copy'), onclick: () => copied(secret) }));
    return form([el('p', { textContent: t('factor.scan') }), picture, el('p', { className: 'soft', textContent: t('factor.type') }), key,
      field('otp', t('factor.code'), { autocomplete: 'one-time-code', inputMode: 'numeric', required: true, maxLength: 20 })], t('factor.confirm'), async ({ otp }) => {
      const { recovery_codes } = await api.confirmFactor(otp);
      await handOver(recovery_codes);
      await done();
    });
  }
}

// They are told once: resolves when the reader says that they have them.
async function handOver(codes) {
  await style('factor');
  return new Promise((resolve) => {
    const list = el('ul', { className: 'recovery', 'aria-label': t('factor.codes') }, codes.map((code) => el('li', {}, el('code', { textContent: code }))));
    const box = dialog(t('factor.codes'), el('div', { className: 'stack' }, el('p', { textContent: t('factor.codes.about', { site: location.host }) }), list,
      el('div', { className: 'row' }, el('button', { type: 'button', textContent: t('copy'), onclick: () => copied(codes.join('\n')) }), el('button', { type: 'button', textContent: t('factor.print'), onclick: () => print() })),
      el('button', { type: 'button', className: 'primary', textContent: t('factor.saved'), onclick: () => box.close() })), { closed: resolve });
    // Neither a key nor a click beside takes them away.
    box.addEventListener('cancel', (event) => event.preventDefault());
    box.addEventListener('click', (event) => event.target === box && event.stopImmediatePropagation(), true);
  });
}

// For the browser's own store of passwords.
const known = (me) => el('input', { name: 'username', autocomplete: 'username', value: me.username, hidden: true });
