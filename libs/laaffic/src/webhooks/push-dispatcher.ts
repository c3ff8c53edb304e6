import { Injectable, Logger } from '@nestjs/common';
import { maskNumber, maskNumbersIn } from '../messages/mask-number.js';
import { PushCounts } from './push-counts.js';
import { PushHandlers, type PushHandler } from './push-handlers.js';
import { PushStore } from './push-store.js';
import type { Push } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** Runs handlers: each once for each push, none in the way of another. */
@Injectable()
export class PushDispatcher {
  readonly #logger = new Logger('LaafficWebhooks');
  /** What is just running, so that the same push at the same time waits for it and shares its outcome. */
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #warned = new Set<Push['kind']>();

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly handlers: PushHandlers,
    private readonly store: PushStore,
    private readonly counts: PushCounts,
  ) {}

  /** @returns whether every handler that wants the push has succeeded for it, now or before; never rejects. */
  async dispatch(push: Push): Promise<boolean> {
    if (!this.handlers.takes(push.kind)) this.#warnOnce(push.kind);
    const handlers = this.handlers.for(push);
    const [only] = handlers;
    if (only !== undefined && handlers.length === 1) return this.#runOnce(only, push);
    const outcomes = await Promise.all(handlers.map((handler) => this.#runOnce(handler, push)));
    return outcomes.every(Boolean);
  }

  async #runOnce(handler: PushHandler, push: Push): Promise<boolean> {
    const key = `${push.kind}:${push.key}:${handler.name}`;
    const running = this.#running.get(key);
    if (running !== undefined) {
      this.counts.duplicates++;
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
        this.counts.duplicates++;
        return true;
      }
      await handler.run(push.value);
    } catch (error) {
      this.#logger.error(`${handler.name} failed for ${describe(push)}: ${describeError(error, push)}`);
      return false;
    }
    try {
      await this.store.markDone(key, this.settings.deduplicationWindow);
    } catch (error) {
      this.#logger.error(`${handler.name} succeeded, but the store failed: ${describeError(error, push)}`);
    }
    return true;
  }

  #warnOnce(kind: Push['kind']): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    this.#logger.warn(`No method is decorated for pushes of the kind "${kind}": they are answered and dropped`);
  }
}

function describe({ kind, value }: Push): string {
  if (kind === 'report') return `the report on ${value.msgId}`;
  return kind === 'inbound' ? `the message from ${maskNumber(value.from)}` : `an unreadable push (${value.reason})`;
}

/** Where it failed, and for reports in what words: those of other pushes may repeat the content. */
function describeError(error: unknown, { kind }: Push): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const words = kind === 'report' ? `: ${maskNumbersIn(error.message)}` : '';
  return [`${error.name}${words}`, ...frames].join('\n');
}
