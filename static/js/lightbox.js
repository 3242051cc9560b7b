// A picture by itself, and the way to its neighbours in the chat.
import { isPicture } from './attachment.js';
import { dialog, el, iconButton, style } from './dom.js';
import { t } from './i18n.js';

// `small` is the address of what is known of it already.
export async function openLightbox(store, api, actions, file, small) {
  await style('lightbox');
  const { logs, open } = store.get();
  const all = (logs[open]?.messages ?? []).flatMap((message) => message.attachments ?? []).filter(isPicture);
  let index = Math.max(0, all.findIndex((each) => each.id === file.id));
  let source;
  const picture = el('img', { alt: '' });
  const node = dialog(file.name, [picture], { closed: () => URL.revokeObjectURL(source) });
  node.classList.add('lightbox');
  const saving = iconButton('down', '', () => actions.save(all[index] ?? file));
  node.querySelector('header').lastChild.before(
    ...(all.length > 1 ? [iconButton('back', t('picture.previous'), () => move(-1)), iconButton('back', t('picture.next'), () => move(1), { className: 'icon next' })] : []),
    saving);
  node.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') move(-1);
    if (key === 'ArrowRight') move(1);
  });

  function move(step) {
    if (all.length < 2) return;
    index = (index + step + all.length) % all.length;
    show();
  }
  // The small one is stretched to the room of the original until that is there.
  async function show(known) {
    const shown = all[index] ?? file;
    const mine = index;
    node.querySelector('h2').textContent = shown.name;
    saving.title = saving.ariaLabel = t('file.save', { name: shown.name });
    picture.alt = shown.name;
    picture.style.width = shown.width ? `${shown.width}px` : '';
    if (known) picture.src = known;
    else picture.removeAttribute('src');
    try {
      const fresh = URL.createObjectURL(await api.file(shown.url));
      if (index !== mine || !node.isConnected) return URL.revokeObjectURL(fresh);
      URL.revokeObjectURL(source);
      picture.src = source = fresh;
    } catch (error) {
      actions.refused(error);
    }
    return undefined;
  }
  show(small);
}
