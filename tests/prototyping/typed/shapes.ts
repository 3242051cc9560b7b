// Holds the package's types against those that are made of the server's own document: what the server says is
// what a program may read.
import type * as fireside from 'fireside';
import type { components } from './schema';

type Schemas = components['schemas'];
/** Whether whatever the server sends is what was promised. */
type Holds<Sent extends Promised, Promised> = Sent;

export type Checked = [
  Holds<Schemas['User'], fireside.User>,
  Holds<Schemas['Reaction'], fireside.Reaction>,
  Holds<Schemas['Attachment'], fireside.Attachment>,
  Holds<Schemas['Message'], fireside.Message>,
  Holds<Schemas['Chat'], fireside.Chat>,
];
/** And that nothing of it was forgotten. */
export type Whole = [
  Holds<keyof Schemas['User'], keyof fireside.User>,
  Holds<keyof Schemas['Attachment'], keyof fireside.Attachment>,
  Holds<keyof Schemas['Message'], keyof fireside.Message>,
  Holds<keyof Schemas['Chat'], keyof fireside.Chat>,
];
