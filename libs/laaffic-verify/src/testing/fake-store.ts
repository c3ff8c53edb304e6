import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import type {
  CodeMessage,
  CurrentCode,
  OpenVerification,
  Rejected,
  ResendInput,
  ResendOutcome,
  StartInput,
  StartOutcome,
} from '../store/verification-store.js';
import type { MemoryOutbox } from './memory-outbox.js';
import { MemoryStore } from './memory-store.js';
import { outcomeOf, type SimulatedRejection } from './simulated-rejection.js';

/** The store of a fake. It rejects what a test lets it reject, and keeps its messages. */
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

  override async start(input: StartInput, transaction?: SqlTransaction): Promise<StartOutcome> {
    return this.#rejected() ?? super.start(input, transaction);
  }

  override async resend(input: ResendInput, transaction?: SqlTransaction): Promise<ResendOutcome> {
    return this.#rejected() ?? super.resend(input, transaction);
  }

  protected override deliver(
    { to: number, content }: CodeMessage,
    verification: OpenVerification,
    transaction: SqlTransaction | undefined,
  ): void {
    const code = this.codeOf(verification);
    this.outbox.send({ number, content, code, verificationId: verification.id }, transaction);
  }

  override clear(): void {
    super.clear();
    this.#rejections.length = 0;
  }

  #rejected(): Rejected | undefined {
    const rejection = this.#rejections.shift();
    return rejection === undefined ? undefined : outcomeOf(rejection);
  }
}
