import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import {
  whileRenewing,
  type HandlerMethod,
  type OutboxExtension,
  type PeriodicTask,
} from 'nestjs-laaffic-outbox/extension';
import { ApprovalQueue, type ApprovalClaim } from './approval-queue.js';
import type { ApprovedVerification } from './on-approved.decorator.js';

export type ApprovalHandler = Pick<HandlerMethod<ApprovedVerification, true>, 'name' | 'run'>;

/** Number of approvals that one handler is called for at the same time. */
const MOST_AT_ONCE = 16;
const MOST_TRIES = 20;
const LEASE_MS = 60_000;
const POLL_MS = 1_000;
const RENEW_EVERY_MS = 60 * 60_000;
const FAILURE = 'Handlers of approvals cannot be called';

/** Calls the approval handlers of this process from the app's start to its shutdown. */
export class ApprovalDispatcher
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  readonly #logger = new Logger('LaafficVerify');
  readonly #queue: ApprovalQueue;
  readonly #task: PeriodicTask;
  /** By handler, so a slow one leaves the others their turns. */
  readonly #running = new Map<string, Set<Promise<void>>>();
  #handlers: ReadonlyMap<string, ApprovalHandler> = new Map();
  #renewals: NodeJS.Timeout | undefined;
  #isStopping = false;

  /**
   * @param find finds the handlers when all providers exist.
   * @param now the time, for tests. @default the server's
   * @param leaseMs after this time without a sign of life, another process calls the handler.
   */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly find: () => readonly ApprovalHandler[],
    now: () => Date | undefined = () => undefined,
    private readonly leaseMs = LEASE_MS,
  ) {
    this.#queue = new ApprovalQueue(extension, leaseMs, now);
    this.#task = extension.periodicTask({
      failure: FAILURE,
      intervalMs: POLL_MS,
      run: async () => {
        await this.#round();
        // The end of a call wakes the next round, so a handler without a free place needs none.
        return false;
      },
    });
  }

  async onModuleInit(): Promise<void> {
    this.#handlers = new Map(this.find().map((handler) => [handler.name, handler]));
    if (this.#handlers.size > 0) await this.#queue.registerAtBoot([...this.#handlers.keys()]);
  }

  onApplicationBootstrap(): void {
    if (this.#handlers.size === 0 || this.extension.isManual) return;
    this.#task.start();
    this.#renewals = setInterval(() => void this.#renewRegistration(), RENEW_EVERY_MS).unref();
  }

  /**
   * Calls the handlers for everything that is due, and resolves when their results are stored. For a process whose work a
   * test does.
   * @returns how often it called one.
   */
  async runDue(): Promise<number> {
    let calls = 0;
    for (;;) {
      const claimed = await this.#round();
      await this.#idle();
      if (claimed === 0) return calls;
      calls += claimed;
    }
  }

  /** Claims no more approvals. Other processes, or the next start, handle the rest. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    clearInterval(this.#renewals);
  }

  /** Resolves when the running handlers have ended and their results are stored. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.extension.drain(this.#task.stop().then(() => this.#idle()));
  }

  async #idle(): Promise<void> {
    await Promise.all([...this.#running.values()].flatMap((running) => [...running]));
  }

  /** @returns the number of calls that have begun. */
  async #round(): Promise<number> {
    if (this.#isStopping) return 0;
    const limits = [...this.#handlers.keys()].map((name) => [name, MOST_AT_ONCE - this.#runningOf(name).size] as const);
    const claims = await this.#queue.claim(new Map(limits.filter(([, limit]) => limit > 0)));
    for (const claim of claims) this.#begin(claim);
    return claims.length;
  }

  #runningOf(handler: string): Set<Promise<void>> {
    let running = this.#running.get(handler);
    if (running === undefined) this.#running.set(handler, (running = new Set()));
    return running;
  }

  #begin(claim: ApprovalClaim): void {
    const running = this.#runningOf(claim.handler);
    const run = this.#dispatch(claim)
      .catch((error: unknown) => {
        // When the claim expires, the handler is called again.
        this.extension.report(FAILURE, error);
      })
      .finally(() => {
        running.delete(run);
        this.#task.wake();
      });
    running.add(run);
  }

  async #dispatch(claim: ApprovalClaim): Promise<void> {
    const handler = this.#handlers.get(claim.handler);
    if (handler === undefined) return;
    const { extension } = this;
    const call = extension.callHandler(handler.name, () => handler.run(claim.approval));
    const error = await whileRenewing(call, this.leaseMs, () =>
      this.#queue.renew(claim).catch((failure: unknown) => {
        extension.report(FAILURE, failure);
      }),
    );
    if (error !== undefined && claim.tries < MOST_TRIES) return this.#queue.postpone(claim);
    await this.#queue.finish(claim);
    if (error === undefined) return;
    this.#logger.error(
      `${handler.name} failed ${claim.tries} times for the verification ${claim.approval.id} and is not called for it again: ${error}`,
    );
  }

  async #renewRegistration(): Promise<void> {
    try {
      await this.#queue.register([...this.#handlers.keys()]);
    } catch (error) {
      this.extension.report(FAILURE, error);
    }
  }
}
