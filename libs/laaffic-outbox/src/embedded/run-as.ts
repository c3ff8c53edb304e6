import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A user of the machine as whom programs are run. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; this user is everywhere, and has no rights. */
export const NOBODY: RunAs = { uid: 65534, gid: 65534 };

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether a user may enter a folder and all that lead to it; access lists are not looked at. */
export async function canEnter(folder: string, user: RunAs): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  if (((mode >> shift) & 1) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(parent, user);
}
