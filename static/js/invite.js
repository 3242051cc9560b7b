// Inviting people: a link, to be copied, shared, or read off the screen with a phone.
import { HOME } from '../fireside.js';
import { dialog, el, needed, skeleton, words } from './dom.js';
import { fullTime, t } from './i18n.js';
import { copied } from './markup.js';

const DAYS = 7;
const PEOPLE = 50; // that one link is good for

export async function openInvite({ api, actions }) {
  const body = el('div', { className: 'stack' }, skeleton(2));
  const box = dialog(t('invite'), body);
  try {
    const { user, registration } = await api.server();
    if (registration === 'open') show(`${HOME}/#join`, t('invite.anyone'));
    else if (user.is_admin && registration === 'invite') {
      const { url, expires_at } = await api.invite({ uses: PEOPLE, expires_in: DAYS * 86_400 });
      show(url, t('invite.until', { n: PEOPLE, time: fullTime(new Date(expires_at)) }));
    } else body.replaceChildren(el('p', { textContent: t(registration === 'closed' ? 'signin.closed' : 'invite.ask') }));
  } catch (error) {
    if (error.status === 401) return actions.refused(error);
    body.replaceChildren(el('p', { className: 'refused', role: 'alert', textContent: words(error) }));
  }
  return box;

  function show(link, about) {
    const picture = el('div', { className: 'qr-place' });
    const scan = el('button', { type: 'button', textContent: t('invite.qr'), onclick: () => needed(() => import('./qr.js'), ({ drawn }) => {
      picture.replaceChildren(drawn(link, t('invite.qr.of', { link })) ?? el('p', { textContent: t('invite.long') }));
      scan.hidden = true;
    }) });
    const copy = el('button', { type: 'button', className: 'primary', textContent: t('invite.copy'), onclick: () => copied(link) });
    const share = navigator.share && el('button', { type: 'button', textContent: t('invite.share'), onclick: () => navigator.share({ title: document.title, url: link }).catch(() => {}) }); // changed one's mind
    body.replaceChildren(el('p', { textContent: about }), el('div', { className: 'secret' }, el('code', { className: 'words', textContent: link })),
      el('div', { className: 'row' }, copy, scan, share || []), picture);
    copy.focus();
  }
}
