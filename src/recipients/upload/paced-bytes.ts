import { RequestTimeoutException } from '@nestjs/common';

/** How fast an upload has to arrive. Time in which the service does not read is not counted. */
export interface Pace {
  /** How long an upload may be silent. */
  readonly graceMs: number;
  /** How much has to arrive in each further second, on average. */
  readonly bytesPerSecond: number;
  /** How long the whole upload may take, including time in which the service does not read. */
  readonly maxMs: number;
}

const PACE: Pace = { graceMs: 30_000, bytesPerSecond: 1_000, maxMs: 60 * 60_000 };

/**
 * The bytes of an upload, as long as they arrive fast enough.
 * @throws {RequestTimeoutException} if they do not.
 */
export async function* pacedBytes(
  bytes: AsyncIterator<Buffer>,
  { graceMs, bytesPerSecond, maxMs }: Pace = PACE,
): AsyncGenerator<Buffer, void, undefined> {
  const end = performance.now() + maxMs;
  let [allowed, isPending] = [graceMs, false];
  try {
    for (;;) {
      const before = performance.now();
      isPending = true;
      const step = await within(bytes.next(), Math.min(allowed, end - before));
      isPending = false;
      if (step.done === true) return;
      allowed += (step.value.length / bytesPerSecond) * 1_000 - (performance.now() - before);
      yield step.value;
    }
  } finally {
    // While a step is pending, `return` would wait for it.
    if (!isPending) await bytes.return?.();
  }
}

async function within<T>(step: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new RequestTimeoutException('The upload is too slow, or takes too long'));
    }, milliseconds);
  });
  try {
    return await Promise.race([step, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
