// The pages that an administrator's links open: the first account of a server, an
// invitation, a new password.
import { el, field, form, skeleton, words } from './dom.js';
import { endTime, t } from './i18n.js';
import { called, createSignin, frame, nameField } from './signin.js';

// `entered` gets `{token, user}`, whether the account is new and whether it is the first, `left` the reason to sign in anew; `home` leads to the usual page.
export async function createLink(root, { kind, code, api, entered, left, home, speak }) {
  if (kind === 'setup') return setUp();
  frame(root, el('div', { className: 'card', 'aria-busy': 'true' }, skeleton(3)), { speak });
  try {
    if (kind === 'invite') invited(await api.lookAtInvite(code));
    else reset(await api.lookAtReset(code));
  } catch (error) {
    dead(error);
  }
  return undefined;

  function setUp() {
    const node = form([el('h2', { textContent: t('setup') }), el('p', { className: 'soft', textContent: t('setup.about') }),
      field('name', t('setup.name'), { placeholder: t('setup.name.such'), maxLength: 255, autocomplete: 'organization', dir: 'auto' }), nameField(),
      field('password', t('signin.password'), { type: 'password', autocomplete: 'new-password', required: true }),
      field('email', t('optional', { what: t('signin.email') }), { type: 'email', autocomplete: 'email' })], t('setup.start'), async ({ name, username, password, email }) => {
      try {
        entered(await api.setUp({ code, ...called(username), password, ...(name.trim() && { name }), ...(email && { email }) }), true, true);
      } catch (error) {
        if (error.status !== 404) throw error;
        dead(error);
      }
    });
    frame(root, node, { speak });
    node.elements.name.focus({ preventScroll: true });
  }

  function invited({ inviter }) {
    createSignin(root, { api, entered, speak, invite: code, greeting: inviter ? t('invite.by', { name: inviter }) : t('invite.open') });
  }

  function reset({ username, expires_at }) {
    const node = form([el('h2', { textContent: t('reset') }), el('p', { className: 'soft', textContent: t('reset.about', { name: username, time: endTime(new Date(expires_at)) }) }),
      el('input', { name: 'username', autocomplete: 'username', value: username, hidden: true }),
      field('password', t('password.new'), { type: 'password', autocomplete: 'new-password', required: true })], t('password.change'), async ({ password }) => {
      try {
        await api.reset({ code, password });
        left({ message: t('reset.done') });
      } catch (error) {
        if (error.status !== 404) throw error;
        dead(error);
      }
    });
    frame(root, node, { speak });
    node.elements.password.focus({ preventScroll: true });
  }

  // Used, revoked, too old or never there: the server does not say which.
  function dead(error) {
    const text = error.status === 404 ? t(`${kind}.dead`) : words(error);
    frame(root, el('div', { className: 'card stack' }, el('p', { role: 'alert', textContent: text }),
      el('button', { type: 'button', textContent: t('link.home'), onclick: () => home() })), { speak });
  }
}
