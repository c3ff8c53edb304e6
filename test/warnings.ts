import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';

// Node warns by its own `process`, of which tests have a copy.
const nodeProcess = runInThisContext('process') as NodeJS.Process;

/** Runs something. @returns the names of the warnings that Node gave meanwhile. */
export async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const onWarning = ({ name }: Error) => names.push(name);
  nodeProcess.on('warning', onWarning);
  try {
    await run();
    await setImmediate();
  } finally {
    nodeProcess.off('warning', onWarning);
  }
  return names;
}
