import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { maskNumber, maskNumbersIn } from '../messages/phone-number.js';
import { PushHandlers, type PushHandler } from './push-handlers.js';
import { PushStore } from './push-store.js';
import type { Push } from './push.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** How long handlers may run on after the app starts to shut down. */
const SHUTDOWN_TIMEOUT_MS = 10_000;

/** Runs handlers, each once for each push. A failed handler does not prevent the others. */
@Injectable()
export class PushDispatcher implements BeforeApplicationShutdown {
  readonly #logger = new Logger('LaafficWebhooks');
  /** The calls in progress. If the same push comes again at the same time, it shares their result. */
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #warned = new Set<Push['kind']>();

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly handlers: PushHandlers,
    private readonly store: PushStore,
    private readonly metrics: WebhookMetrics,
  ) {}

  /** Never rejects. @returns whether every handler of the push has succeeded for it, now or before. */
  async dispatch(push: Push): Promise<boolean> {
    if (!this.handlers.hasAny(push.kind)) this.#warnOnce(push.kind);
    const handlers = this.handlers.for(push);
    const [only] = handlers;
    if (only !== undefined && handlers.length === 1) return this.#runOnce(only, push);
    const outcomes = await Promise.all(handlers.map((handler) => this.#runOnce(handler, push)));
    return outcomes.every(Boolean);
  }

  /** Waits for the handlers in progress, because they use services that shut down next. */
  async beforeApplicationShutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise((resolve) => {
      timer = setTimeout(resolve, SHUTDOWN_TIMEOUT_MS);
    });
    await Promise.race([Promise.all(this.#running.values()), timeout]);
    clearTimeout(timer);
  }

  async #runOnce(handler: PushHandler, push: Push): Promise<boolean> {
    const key = `${push.kind}:${push.key}:${handler.name}`;
    const running = this.#running.get(key);
    if (running !== undefined) {
      this.metrics.duplicates++;
      return running;
    }
    const run = this.#run(key, handler, push);
    this.#running.set(key, run);
    try {
      return await run;
    } finally {
      this.#running.delete(key);
    }
  }

  async #run(key: string, handler: PushHandler, push: Push): Promise<boolean> {
    try {
      if (await this.store.isDone(key)) {
        this.metrics.duplicates++;
        return true;
      }
      await handler.run(push.value);
    } catch (error) {
      this.#logger.error(`${handler.name} failed for ${describe(push)}: ${describeError(error, push)}`);
      return false;
    }
    try {
      await this.store.markDone(key, this.settings.deduplicationWindowMs);
    } catch (error) {
      this.#logger.error(`${handler.name} succeeded, but the store failed: ${describeError(error, push)}`);
    }
    return true;
  }

  #warnOnce(kind: Push['kind']): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#logger.warn(`No method is decorated for pushes of the kind "${kind}". They are acknowledged and dropped`);
  }
}

function describe({ kind, value }: Push): string {
  if (kind === 'report') return `the report on ${value.msgId}`;
  return kind === 'inbound' ? `the message from ${maskNumber(value.from)}` : `an unreadable push (${value.reason})`;
}

/** Describes where a handler failed. Has the message for reports only, because other messages may repeat the content. */
function describeError(error: unknown, { kind }: Push): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const message = kind === 'report' ? `: ${maskNumbersIn(error.message)}` : '';
  return [`${error.name}${message}`, ...frames].join('\n');
}
