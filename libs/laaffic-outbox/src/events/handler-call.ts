import type { ErrorLog } from '../errors/error-log.js';

/**
 * Calls a handler of the app, and logs once that it fails and once that it works again. Never rejects.
 * @param name the name of the handler.
 * @returns the name of the error if it failed.
 */
export async function callHandler(
  name: string,
  errors: Pick<ErrorLog, 'report' | 'resolve'>,
  call: () => unknown,
): Promise<string | undefined> {
  const failure = `${name} failed`;
  try {
    await call();
    errors.resolve(failure);
    return undefined;
  } catch (error) {
    errors.report(failure, withoutWords(error));
    return nameOf(error);
  }
}

/**
 * Renews the claim of a call while it runs.
 * @param leaseMs how long a claim holds, in milliseconds.
 * @param renew must not reject.
 */
export async function whileRenewing<T>(call: Promise<T>, leaseMs: number, renew: () => Promise<void>): Promise<T> {
  while (!(await isThereIn(leaseMs / 3, call))) await renew();
  return call;
}

async function isThereIn(milliseconds: number, result: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const isThere = await Promise.race([result.then(() => true), late]);
  clearTimeout(timer);
  return isThere;
}

/** Drops the message of an app error: it may repeat a phone number or a text. */
function withoutWords(error: unknown): unknown {
  return error instanceof Error ? new Error(error.name) : error;
}

/** The name of an app error, which is stored. A name that is no identifier may repeat anything. */
function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  return /^[\w$.]{1,100}$/.test(name) ? name : 'Error';
}
