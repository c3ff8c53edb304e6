import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type { SendLimits, SendOutcome, StartInput } from '../store/verification-store.js';
import type { MemoryOutbox } from './memory-outbox.js';
import { MemoryStore, type CurrentCode } from './memory-store.js';
import { outcomeOf, type SimulatedRejection } from './simulated-rejection.js';

/** The store of a fake. It rejects what a test lets it reject, and tells the outbox which code a message has. */
export class FakeStore extends MemoryStore {
  readonly #rejections: SimulatedRejection[] = [];

  constructor(
    now: () => Date,
    private readonly outbox: MemoryOutbox,
    private readonly codeOf: (code: CurrentCode) => string,
  ) {
    super(now);
  }

  /** Rejects the next start or resend; a second call is for the one after it. */
  rejectNext(rejection: SimulatedRejection): void {
    this.#rejections.push(rejection);
  }

  override async start(input: StartInput, transaction?: SqlTransaction): Promise<SendOutcome> {
    return this.#rejected() ?? super.start(input, transaction);
  }

  override async resend(
    id: string,
    tenant: string,
    limits: SendLimits,
    transaction?: SqlTransaction,
  ): Promise<SendOutcome> {
    return this.#rejected() ?? super.resend(id, tenant, limits, transaction);
  }

  override async setMessage(id: string, messageId: string, cost: number, transaction?: SqlTransaction): Promise<void> {
    await super.setMessage(id, messageId, cost, transaction);
    const current = this.readCode(id, transaction);
    const code = current === undefined ? '' : this.codeOf(current);
    this.outbox.send(messageId, { code, verificationId: id }, transaction);
  }

  override clear(): void {
    super.clear();
    this.#rejections.length = 0;
  }

  #rejected(): SendOutcome | undefined {
    const rejection = this.#rejections.shift();
    return rejection === undefined ? undefined : outcomeOf(rejection);
  }
}
