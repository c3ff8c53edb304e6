import { Logger } from '@nestjs/common';

/** Says once that something fails, and once that it works again, however often it is tried meanwhile. */
export class Outages {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #failing = new Set<string>();

  /** @param what a sentence without its end: `No message can be claimed`. */
  report(what: string, error: unknown): void {
    if (this.#failing.has(what)) return;
    this.#failing.add(what);
    this.#logger.error(`${what}, and it is tried again: ${describe(error)}`);
  }

  over(what: string): void {
    if (this.#failing.delete(what)) this.#logger.log(`Over: ${what}`);
  }
}

/** The server's words may repeat the values of a statement; those of a broken connection do not. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const isOfStatement = code !== undefined && /^(22|23|42)/.test(code);
  return isOfStatement ? `${error.name} ${code}` : [error.message, code].filter(Boolean).join(' ');
}
