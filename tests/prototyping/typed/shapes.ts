// Holds the package's types against those that are made of the server's own document: what the server says is
// what a program may read.
import type * as fireside from 'fireside';
import type { components } from './schema.js';

type Schemas = components['schemas'];
/** Whether whatever the server sends is what was promised. */
type Holds<Sent extends Promised, Promised> = Sent;

export type Checked = [
  Holds<Schemas['messaging.User'], fireside.User>,
  Holds<Schemas['messaging.Reaction'], fireside.Reaction>,
  Holds<Schemas['messaging.Attachment'], fireside.Attachment>,
  Holds<Schemas['messaging.Message'], fireside.Message>,
  Holds<Schemas['messaging.Chat'], fireside.Chat>,
  Holds<Frame, fireside.Event>,
];
/** What the socket says. The answer to a ping is for the module alone. */
type Frame = Exclude<Schemas['messaging.ServerFrame'], { type: 'pong' }>;
/** And that nothing of it was forgotten. */
export type Whole = [
  Holds<keyof Schemas['messaging.User'], keyof fireside.User>,
  Holds<keyof Schemas['messaging.Attachment'], keyof fireside.Attachment>,
  Holds<keyof Schemas['messaging.Message'], keyof fireside.Message>,
  Holds<keyof Schemas['messaging.Chat'], keyof fireside.Chat>,
  Holds<fireside.Event['type'], Frame['type'] | 'live' | 'lost' | 'ended'>,
];
