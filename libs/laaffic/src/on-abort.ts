const callbacksOf = new WeakMap<EventTarget, Set<() => void>>();

/**
 * Calls back when a signal aborts. Each signal gets one listener, however many callers share it: Node warns from the
 * eleventh listener on, and adding a listener walks along all others.
 * @param signal not aborted yet; `undefined` never aborts.
 * @returns a function that stops watching.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  let callbacks = callbacksOf.get(signal);
  if (callbacks === undefined) {
    callbacksOf.set(signal, (callbacks = new Set()));
    signal.addEventListener('abort', callAll);
  }
  const watching = callbacks.add(callback);
  return () => {
    if (!watching.delete(callback) || watching.size > 0) return;
    callbacksOf.delete(signal);
    signal.removeEventListener('abort', callAll);
  };
}

/** Waits for a result until the signal aborts. @throws the reason of the signal. */
export async function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stopWatching: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stopWatching = onAbort(signal, () => {
      reject(signal.reason as Error);
    });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    stopWatching?.();
  }
}

function callAll({ target }: Event): void {
  const callbacks = target === null ? undefined : callbacksOf.get(target);
  callbacks?.forEach((callback) => {
    callback();
  });
}
