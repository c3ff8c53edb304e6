import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A user of the machine that runs programs. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. This user exists everywhere and has no rights. */
export const NOBODY: RunAs = { uid: 65534, gid: 65534 };

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether a user may enter a folder and all its parents. Ignores access control lists. */
export async function canEnter(folder: string, user: RunAs): Promise<boolean> {
  const { uid, gid, mode } = await stat(folder);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  if (((mode >> shift) & 1) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(parent, user);
}
