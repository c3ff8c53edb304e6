import type { SandboxQuirks } from '../options/sandbox.quirks.js';

/** A number as the vendor writes it: in a text, unless the quirk says otherwise. */
export function counted(value: number, { wireTypes }: Readonly<SandboxQuirks>): string | number {
  return wireTypes === 'strings' ? String(value) : value;
}
