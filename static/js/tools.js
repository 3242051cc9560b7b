// What can be done with one message: the tools beside it, its menu, its keys.
import { confirmed, el, iconButton, menu, needed } from './dom.js';
import { t } from './i18n.js';
import { copied } from './markup.js';

const QUICK = ['👍', '❤️', '😂', '🎉', '🙏'];

// `find` gives a message by its id, `me` is one's own.
export function createTools(log, { me, find, composer, actions }) {
  const node = el('div', { className: 'tools', role: 'toolbar', 'aria-label': t('message.tools') },
    iconButton('smile', t('react'), ({ currentTarget }) => react(held(), currentTarget)),
    iconButton('reply', t('reply'), () => composer.replyTo(held())),
    iconButton('more', t('more'), ({ currentTarget }) => more(held(), currentTarget)));
  const messageOf = (target) => target.closest?.('.message[data-id]');
  const held = () => find(Number(messageOf(node)?.dataset.id));

  // One set of tools, moved to where it is wanted.
  function show(target) {
    const bubble = messageOf(target)?.querySelector('.bubble');
    if (bubble && node.parentNode !== bubble) bubble.append(node);
  }
  const isBusy = () => document.querySelector('[popover]:popover-open:not(#toasts)');
  log.addEventListener('pointerover', ({ target, pointerType }) => pointerType === 'mouse' && !isBusy() && show(target));
  log.addEventListener('focusin', ({ target }) => show(target));
  log.addEventListener('click', ({ target }) => show(target));

  function react(message, anchor) {
    if (message) needed(() => import('./emoji.js'), ({ pickEmoji }) => pickEmoji(anchor, QUICK, (emoji) => actions.react(message.id, emoji)));
  }
  function more(message, anchor) {
    if (!message) return;
    const mine = message.sender.id === me();
    menu(anchor, [
      message.content && [t('copy.text'), () => copied(message.content)],
      mine && [t('edit'), () => composer.edit(message)],
      mine && [t('delete'), () => erase(message), true],
    ]);
  }
  async function erase(message) {
    if (await confirmed(t('delete.sure'), t('delete'))) await actions.remove(message);
  }

  log.addEventListener('keydown', (event) => {
    const article = messageOf(event.target);
    if (!article || event.target !== article || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = find(Number(article.dataset.id));
    const mine = message?.sender.id === me();
    const does = {
      r: () => composer.replyTo(message),
      '+': () => react(message, node.firstChild),
      e: () => mine && composer.edit(message),
      Delete: () => mine && erase(message),
      Enter: () => more(message, node.lastChild),
    }[event.key];
    if (!message || !does) return;
    event.preventDefault();
    does();
  });

  return { node };
}
