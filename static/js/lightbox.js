// A picture by itself, and the way to its neighbours in the chat.
import { dialog, el, iconButton, style } from './dom.js';
import { t } from './i18n.js';

export async function openLightbox(store, api, actions, file) {
  await style('lightbox');
  const { logs, open } = store.get();
  const all = (logs[open]?.messages ?? []).flatMap((message) => message.attachments ?? []).filter((each) => each.content_type?.startsWith('image/'));
  let index = Math.max(0, all.findIndex((each) => each.id === file.id));
  let source;
  const picture = el('img', { alt: '' });
  const node = dialog(file.name, [picture], { closed: () => URL.revokeObjectURL(source) });
  node.classList.add('lightbox');
  node.querySelector('header').lastChild.before(
    ...(all.length > 1 ? [iconButton('back', t('picture.previous'), () => move(-1)), iconButton('back', t('picture.next'), () => move(1), { className: 'icon next' })] : []),
    iconButton('down', t('file.save', { name: file.name }), () => actions.save(all[index])));
  node.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') move(-1);
    if (key === 'ArrowRight') move(1);
  });

  function move(step) {
    index = (index + step + all.length) % all.length;
    show();
  }
  async function show() {
    const shown = all[index] ?? file;
    node.querySelector('h2').textContent = shown.name;
    const fresh = URL.createObjectURL(await api.file(shown.url));
    URL.revokeObjectURL(source);
    picture.src = source = fresh;
    picture.alt = shown.name;
  }
  show().catch(actions.refused);
}
