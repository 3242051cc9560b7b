// Forms, and the small work of building elements: text is only ever text.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Runs `send` with the form's values when it is submitted, once at a time, and
// shows what the server refuses beside the field it is about.
export function onSubmit(form, send) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('[type="submit"]');
    if (button.disabled) return;
    button.disabled = true;
    showRefusal(form, null);
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      showRefusal(form, error);
    } finally {
      button.disabled = false;
    }
  });
}

export function showRefusal(form, error) {
  const elsewhere = { ...error?.details };
  let placed = false;
  for (const place of form.querySelectorAll('[data-field]')) {
    const { field } = place.dataset;
    const refused = elsewhere[field] !== undefined && !form.elements[field].disabled;
    place.textContent = refused ? elsewhere[field].join(' ') : '';
    form.elements[field].setAttribute('aria-invalid', String(refused));
    if (refused) delete elsewhere[field];
    placed ||= refused;
  }
  const rest = Object.values(elsewhere).flat().join(' ');
  form.querySelector('[role="alert"]').textContent = rest || (placed ? '' : words(error));
  form.querySelector('[aria-invalid="true"]')?.focus();
}

// The server's words, or, when there was no server, what that means.
export function words(error) {
  if (!error) return '';
  return error instanceof TypeError ? 'The server cannot be reached.' : error.message;
}
