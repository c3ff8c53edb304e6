import { OutboxError, type OutboxErrorCode } from 'nestjs-laaffic-outbox';

/** Why verification does not work; `undefined` if it does. */
export type ProbedSchema = OutboxErrorCode | undefined;

/** Checks that the database responds, and has the schema of this release. */
export class SchemaProbe {
  #running: Promise<ProbedSchema> | undefined;

  /**
   * @param check rejects with the failure.
   * @param timeoutMs how long to wait for the database.
   */
  constructor(
    private readonly check: () => Promise<void>,
    private readonly timeoutMs: number,
  ) {}

  /** Runs one check at a time. A caller that comes while a check waits for a slow database gets its result. */
  async ask(): Promise<ProbedSchema> {
    this.#running ??= this.#probe().finally(() => {
      this.#running = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ProbedSchema>((resolve) => {
      timer = setTimeout(resolve, this.timeoutMs, 'OUTBOX_DATABASE_UNAVAILABLE');
    });
    try {
      return await Promise.race([this.#running, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #probe(): Promise<ProbedSchema> {
    try {
      await this.check();
      return undefined;
    } catch (error) {
      return error instanceof OutboxError ? error.code : 'OUTBOX_DATABASE_REJECTED';
    }
  }
}
