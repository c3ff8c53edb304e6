/** A signal that aborts with the first of several others. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Removes the listeners from the other signals. */
  readonly unlink: () => void;
}

/**
 * Links a signal to others. Unlike `AbortSignal.any`, the link can be removed: a signal that lives as long as the process
 * would keep every signal that was ever linked to it.
 */
export function linkSignals(...signals: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  if (signals.some(({ aborted }) => aborted)) abort();
  for (const signal of signals) signal.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    unlink: () => {
      for (const signal of signals) signal.removeEventListener('abort', abort);
    },
  };
}
