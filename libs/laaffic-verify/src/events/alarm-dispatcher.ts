import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { HandlerMethod, OutboxExtension, PeriodicTask } from 'nestjs-laaffic-outbox/extension';
import type { Observable } from 'rxjs';
import type { GuardAlarm } from '../guard/guard-alarm.js';
import { AlarmQueue, type AlarmClaim } from './alarm-queue.js';
import type { AlarmTypes } from './on-guard-alarm.decorator.js';

export type AlarmHandler = HandlerMethod<GuardAlarm, AlarmTypes>;

const POLL_MS = 1_000;
const FAILURE = 'Handlers of alarms cannot be called';

/** Calls the alarm handlers of this process from the app's start to its shutdown. */
export class AlarmDispatcher
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  readonly #logger = new Logger('LaafficVerify');
  readonly #queue: AlarmQueue;
  readonly #task: PeriodicTask;
  #handlers: readonly AlarmHandler[] = [];
  #isStopping = false;

  /**
   * @param find finds the handlers when all providers exist.
   * @param newAlarms the alarms that this process was the first to raise.
   * @param now the time, for tests. @default the server's
   */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly find: () => readonly AlarmHandler[],
    private readonly newAlarms: Observable<GuardAlarm>,
    now: () => Date | undefined = () => undefined,
  ) {
    this.#queue = new AlarmQueue(extension, now);
    this.#task = extension.periodicTask({
      failure: FAILURE,
      intervalMs: POLL_MS,
      run: async () => (await this.#round()) > 0,
    });
  }

  onModuleInit(): void {
    this.#handlers = this.find();
    // It ends with the process: the last alarms come when the app shuts down.
    this.newAlarms.subscribe(({ type, scope }) => {
      if (this.#handlersOf(type).length > 0) this.#task.wake();
      else this.#logger.warn(`Alarm of the guard: ${type} (${scope}). @OnGuardAlarm() methods can handle it`);
    });
  }

  onApplicationBootstrap(): void {
    if (this.#handlers.length > 0 && !this.extension.isManual) this.#task.start();
  }

  /**
   * Calls the handlers for everything that is due, and resolves when their results are stored. For a process whose work a
   * test does.
   */
  async runDue(): Promise<void> {
    await this.#task.drain();
  }

  /** Claims no more alarms. */
  onModuleDestroy(): void {
    this.#isStopping = true;
  }

  /** Resolves when the running handlers have ended and their results are stored. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.extension.drain(this.#task.stop());
  }

  #handlersOf(type: string): readonly AlarmHandler[] {
    return this.#handlers.filter(({ mark: types }) => types?.has(type) !== false);
  }

  /** @returns the number of alarms that were told. */
  async #round(): Promise<number> {
    if (this.#isStopping || this.#handlers.length === 0) return 0;
    const ofAll = this.#handlers.some(({ mark }) => mark === undefined);
    const types = ofAll ? undefined : [...new Set(this.#handlers.flatMap(({ mark = [] }) => [...mark]))];
    const claims = await this.#queue.claim(types);
    await Promise.all(claims.map((claim) => this.#tell(claim)));
    for (const { type, scope } of await this.#queue.giveUp(types)) {
      this.#logger.error(`Handlers of the alarm ${type} (${scope}) failed for a day and are not called for it again`);
    }
    return claims.length;
  }

  async #tell(claim: AlarmClaim): Promise<void> {
    const { alarm } = claim;
    const errors = await Promise.all(
      this.#handlersOf(alarm.type).map((handler) => this.extension.callHandler(handler.name, () => handler.run(alarm))),
    );
    const hasFailed = errors.some((error) => error !== undefined);
    await (hasFailed ? this.#queue.postpone(claim) : this.#queue.finish(claim));
  }
}
