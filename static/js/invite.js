// Inviting people: a link, to be copied, shared, or read off the screen with a phone.
import { HOME } from '../fireside.js';
import { dialog, el, field, form, missing, needed, skeleton } from './dom.js';
import { endTime, t } from './i18n.js';
import { copied } from './markup.js';

const DAYS = 7;
const DAY = 86_400; // seconds
const PEOPLE = 50; // that one link is good for

// To the server: whoever opens the link makes an account.
export async function openInvite({ api, actions }) {
  const body = el('div', { className: 'stack' }, skeleton(2));
  dialog(t('invite'), body);
  await shownIn(body, actions, async () => {
    const { user, registration } = await api.server();
    if (registration === 'open') return shared(`${HOME}/#join`, t('invite.anyone'));
    if (!user.is_admin || registration !== 'invite') return el('p', { textContent: t(registration === 'closed' ? 'signin.closed' : 'invite.ask') });
    const { url, expires_at } = await api.invite({ uses: PEOPLE, expires_in: DAYS * DAY });
    return shared(url, t('invite.until', { n: PEOPLE, time: endTime(new Date(expires_at)) }));
  });
}

// Into a group: whoever has an account, or makes one on the way, joins it.
export async function openGroupInvite({ api, actions, store }, chat) {
  const body = el('div', { className: 'stack' }, skeleton(2));
  const list = el('ul', { 'aria-label': t('invites') });
  const others = el('section', { hidden: true }, el('h3', { textContent: t('invites') }), list);
  const making = form([field('uses', t('admin.uses'), { type: 'number', min: 1, max: 1000, value: PEOPLE, required: true }),
    field('days', t('admin.days'), { type: 'number', min: 1, max: 365, value: DAYS, required: true })], t('invite.make'), async ({ uses, days }) => {
    await make(Number(uses), Number(days));
    more.open = false;
    draw();
  });
  const more = el('details', {}, el('summary', { textContent: t('invite.another') }), making);
  dialog(t('group.invite.to', { name: store.get().chats[chat].title }), [body, others, more]);
  let links = []; // those that work, the newest first
  let current = null;
  async function make(uses, days) {
    current = await api.inviteInto(chat, { uses, expires: days * DAY });
    links = [current, ...links];
  }
  const until = ({ uses_left, expires_at }) => t('admin.invite.live', { n: uses_left, time: endTime(new Date(expires_at)) });
  const card = () => (current ? shared(current.url, `${t('group.invite.about')} ${until(current)}.`) : el('p', { className: 'soft', textContent: t('invites.none') }));
  function draw() {
    body.replaceChildren(card());
    drawList();
  }
  function drawList() {
    others.hidden = links.length === 0;
    list.replaceChildren(...links.map((link) => {
      const { code, url } = link;
      const revoke = el('button', { type: 'button', textContent: t('admin.revoke'), 'aria-label': `${t('admin.revoke')}: ${url}`, onclick: async () => {
        revoke.disabled = true;
        try {
          await api.endInviteInto(chat, code);
        } catch (error) {
          revoke.disabled = false;
          if (error.status !== 404) return actions.refused(error);
        }
        links = links.filter((each) => each !== link);
        if (current === link) [current = null] = links;
        return draw();
      } });
      return el('li', { className: link === current ? 'person chosen' : 'person' },
        el('button', { type: 'button', className: 'person-open grow', onclick: () => { current = link; draw(); } },
          el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: `…#${code}` }), el('span', { className: 'soft words', textContent: until(link) }))), revoke);
    }));
  }

  await shownIn(body, actions, async () => {
    links = (await api.invitesInto(chat)).results;
    if (links.length) [current] = links;
    else await make(PEOPLE, DAYS);
    drawList();
    return card();
  });
}

async function shownIn(body, actions, made) {
  try {
    body.replaceChildren(await made());
    body.querySelector('button.primary')?.focus();
  } catch (error) {
    if (error.status === 401) return actions.refused(error);
    body.replaceChildren(missing(error, () => shownIn(body, actions, made)));
  }
  return undefined;
}

// A link, and the ways to hand it over.
function shared(link, about) {
  const picture = el('div', { className: 'qr-place' });
  const scan = el('button', { type: 'button', textContent: t('invite.qr'), onclick: () => needed(() => import('./qr.js'), ({ drawn }) => {
    picture.replaceChildren(drawn(link, t('invite.qr.of', { link })) ?? el('p', { textContent: t('invite.long') }));
    scan.hidden = true;
  }) });
  const copy = el('button', { type: 'button', className: 'primary', textContent: t('invite.copy'), onclick: () => copied(link) });
  const share = navigator.share && el('button', { type: 'button', textContent: t('invite.share'), onclick: () => navigator.share({ title: document.title, url: link }).catch(() => {}) }); // changed one's mind
  const isHere = /^(localhost|127\..*|\[::1\])$/.test(new URL(link).hostname); // nobody else can open it
  return el('div', { className: 'stack' }, el('p', { textContent: about }), isHere && el('p', { className: 'soft local', textContent: t('invite.local') }), el('div', { className: 'secret' }, el('code', { className: 'words', textContent: link })),
    el('div', { className: 'row' }, copy, scan, share || []), picture);
}
