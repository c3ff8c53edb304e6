import { once } from 'node:events';

/** Waits until the folder and the server of this run are gone. */
export default async function endRun() {
  const { companion } = globalThis;
  companion.stdin.end();
  if (companion.exitCode === null && companion.signalCode === null) await once(companion, 'exit');
}
