// What this browser keeps for this server. A host may have several, each below a path
// of its own, and they share one storage: who signs in to one stays out of the other.
import { HOME } from '../fireside.js';

const place = new URL(HOME).pathname.replace(/\/$/, '');

// A path has no space, so that no path and name can look like another's.
export const key = (name) => (place ? `fireside ${place} ${name}` : `fireside.${name}`);
