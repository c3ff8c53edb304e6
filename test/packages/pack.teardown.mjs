import { rmSync } from 'node:fs';

export default function removePacked() {
  rmSync(process.env.PACKED_PACKAGES, { recursive: true, force: true });
}
