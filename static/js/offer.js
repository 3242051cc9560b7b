// Asks once somebody has said something whether they want to be told of answers; a refusal holds for good.
import { ability } from './device.js';
import { el, icon, toast } from './dom.js';
import { t } from './i18n.js';
import { key } from './kept.js';
import { steps, subscribe } from './push.js';

// `app` is the signed-in person's. Above the box that they write in.
export function offer({ api, store, actions, composer }) {
  const can = ability();
  if (can !== 'able' && can !== 'install') return;
  const done = () => {
    localStorage.setItem(key('offered'), '1');
    node.remove();
    composer.focus();
  };
  const yes = el('button', { type: 'button', className: 'primary', textContent: t('push.on'), onclick: turnOn });
  const no = el('button', { type: 'button', textContent: t(can === 'able' ? 'offer.no' : 'offer.seen'), onclick: done });
  const node = el('section', { className: 'offer', 'aria-label': t('notifications') }, icon('bell'),
    can === 'able' ? el('p', { role: 'status', textContent: t('offer') }) : steps(),
    el('div', { className: 'row' }, can === 'able' && yes, no));
  composer.node.before(node);

  async function turnOn() {
    yes.disabled = true;
    try {
      await subscribe(api, store.get().server.push);
      done();
      toast(t('push.here'));
    } catch (error) {
      yes.disabled = false;
      actions.refused(error);
    }
  }
}
