// What can be done with one message: the tools beside it, its menu, its keys.
import { confirmed, el, iconButton, menu, needed } from './dom.js';
import { t } from './i18n.js';
import { copied } from './markup.js';

const QUICK = ['👍', '❤️', '😂', '🎉', '🙏'];

// `find` gives a message by its id, `me` is one's own.
export function createTools(log, { me, find, composer, actions }) {
  const node = el('div', { className: 'tools', role: 'toolbar', 'aria-label': t('message.tools') },
    iconButton('smile', t('react'), ({ currentTarget }) => react(atHand(), currentTarget)),
    iconButton('reply', t('reply'), () => composer.replyTo(atHand())),
    iconButton('more', t('more'), ({ currentTarget }) => more(atHand(), currentTarget)));
  const messageOf = (target) => target.closest?.('.message[data-id]');
  const atHand = () => find(Number(messageOf(node)?.dataset.id));

  // One set of tools, moved to where it is wanted.
  function show(target) {
    const bubble = messageOf(target)?.querySelector('.bubble');
    if (bubble && node.parentNode !== bubble) bubble.append(node);
  }
  const isBusy = () => document.querySelector('[popover]:popover-open:not(#toasts)');
  // By a movement: what is drawn anew below a mouse that lies still is not meant.
  log.addEventListener('pointermove', ({ target, pointerType }) => pointerType === 'mouse' && !messageOf(target)?.contains(node) && !isBusy() && show(target));
  log.addEventListener('focusin', ({ target }) => show(target));
  log.addEventListener('click', ({ target }) => show(target));

  function react(message, anchor) {
    if (message) needed(() => import('./emoji.js'), ({ pickEmoji }) => pickEmoji(anchor, QUICK, (emoji) => actions.react(message.id, emoji)));
  }
  function more(message, anchor) {
    if (!message) return;
    const mine = message.sender.id === me();
    const isCall = message.kind === 'call';
    const beside = node.firstChild.checkVisibility() ? node.firstChild : anchor;
    menu(anchor, [
      [t('react'), () => react(message, beside)],
      [t('reply'), () => composer.replyTo(message)],
      message.content && !isCall && [t('copy.text'), () => copied(message.content)],
      [t('copy.link'), () => copied(`${location.origin}${location.pathname}#chat-${message.chat}/m-${message.id}`)],
      !isCall && [t('forward'), () => actions.forward(message)],
      actions.mayPin() && [t(message.is_pinned ? 'unpin' : 'pin'), () => actions.pin(message)],
      [t('unread.from'), () => actions.unread(message)],
      [t('details'), () => actions.details(message)],
      mine && !isCall && [t('edit'), () => composer.edit(message)],
      mine && [t('delete'), () => erase(message), true],
    ]);
  }
  async function erase(message) {
    if (await confirmed(t('delete.sure'), t('delete'))) await actions.remove(message);
  }

  // --- The menu where one presses: with the other button, or long with a finger.
  const OWN = 'a, button, pre, audio, video'; // these have a menu of the browser's
  function pressed(article, x, y) {
    const message = find(Number(article.dataset.id));
    show(article);
    const at = { left: x, right: x, top: y, bottom: y };
    more(message, { getBoundingClientRect: () => at, closest: (selector) => article.closest(selector), focus: () => article.focus({ preventScroll: true }) });
  }
  log.addEventListener('contextmenu', (event) => {
    const article = messageOf(event.target);
    if (!article || event.shiftKey || event.target.closest(OWN) || String(getSelection())) return;
    event.preventDefault();
    if (!isBusy()) pressed(article, event.clientX, event.clientY);
  });
  let held;
  const LONG = 500; // ms
  const STILL = 10; // px that a finger may wander
  const letGo = () => { clearTimeout(held?.timer); held = null; };
  log.addEventListener('pointerdown', (event) => {
    const article = messageOf(event.target);
    letGo();
    if (event.pointerType !== 'touch' || !article || event.target.closest(OWN)) return;
    const { clientX: x, clientY: y } = event;
    held = { x, y, timer: setTimeout(() => { held = null; if (article.isConnected && !isBusy()) pressed(article, x, y); }, LONG) };
  });
  log.addEventListener('pointermove', ({ clientX, clientY }) => held && Math.hypot(clientX - held.x, clientY - held.y) > STILL && letGo());
  for (const type of ['pointerup', 'pointercancel']) log.addEventListener(type, letGo);

  log.addEventListener('keydown', (event) => {
    const article = messageOf(event.target);
    if (!article || event.target !== article || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = find(Number(article.dataset.id));
    const mine = message?.sender.id === me();
    const does = {
      r: () => composer.replyTo(message),
      '+': () => react(message, node.firstChild),
      e: () => mine && message.kind !== 'call' && composer.edit(message),
      Delete: () => mine && erase(message),
      Enter: () => more(message, node.lastChild),
    }[event.key];
    if (!message || !does) return;
    event.preventDefault();
    does();
  });

  return { node };
}
