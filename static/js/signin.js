// Signing in and making an account: one form, two ways.
import { onSubmit, showRefusal } from './forms.js';

const WAYS = {
  login: { button: 'Sign in', password: 'current-password' },
  register: { button: 'Create the account', password: 'new-password' },
};

// `enter` gets `{token, user}`.
export function createSignin(api, enter) {
  const form = document.querySelector('#signin-form');
  const email = document.querySelector('#signin-email');
  const tabs = form.querySelectorAll('[data-mode]');
  let mode = 'login';

  function choose(way) {
    mode = way;
    for (const tab of tabs) tab.setAttribute('aria-pressed', String(tab.dataset.mode === mode));
    email.hidden = mode === 'login';
    form.elements.email.disabled = email.hidden;
    form.elements.password.autocomplete = WAYS[mode].password;
    form.querySelector('[type="submit"]').textContent = WAYS[mode].button;
    showRefusal(form, null);
  }

  for (const tab of tabs) tab.addEventListener('click', () => choose(tab.dataset.mode));
  onSubmit(form, async (person) => {
    enter(await api[mode](person));
    form.reset();
  });
  choose(mode);

  return {
    // Shown again with a reason when a session ended by itself.
    show(reason) {
      showRefusal(form, reason);
      form.elements.username.focus();
    },
  };
}
