import { setMaxListeners } from 'node:events';
import { OutboxError } from '../errors/outbox.error.js';
import type { MessageReader, OutboxMessage } from './message-reader.js';

/**
 * Poll interval for all waiting callers, in milliseconds. Notifications are hints and may be lost with their
 * connection.
 */
const LOOK_EVERY = 500;
/** Number of messages that one statement reads. */
const MOST_AT_ONCE = 1_000;

/** How a caller waits for a message. */
export interface WaitOptions {
  /** How long to wait, in milliseconds. 0 reads once. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether the message was stored just now. Then there is nothing to read before a notification. */
  readonly isNew: boolean;
}

interface Waiter {
  /** Gets the result of a reading; `undefined` if there is no outcome yet or it could not be read. */
  onRead(message: OutboxMessage | undefined): void;
  onFailure(error: Error): void;
}

/**
 * Lets callers wait for the outcomes of messages, whichever process sends them. One statement at a time reads for all
 * waiting callers.
 */
export class OutcomeWaiter {
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Messages to read after the running statement. */
  readonly #asked = new Set<string>();
  #isReading = false;
  #look: NodeJS.Timeout | undefined;

  constructor(private readonly messages: Pick<MessageReader, 'findDecided'>) {}

  /** Call it when the outcome of a message may be known. An empty id means all messages. */
  read(id: string): void {
    if (id === '') for (const one of this.#waiting.keys()) this.#asked.add(one);
    else if (this.#waiting.has(id)) this.#asked.add(id);
    void this.#readAsked();
  }

  /**
   * Waits until nothing of the message is pending or being sent.
   * @returns `undefined` if that takes too long or cannot be read.
   */
  wait(id: string, { timeout, signal, isNew }: WaitOptions): Promise<OutboxMessage | undefined> {
    const isOnce = timeout <= 0;
    if (signal?.aborted === true || (isOnce && isNew)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        onRead: (message) => {
          if (message !== undefined || isOnce) end(message);
        },
        onFailure: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => {
        end(undefined);
      };
      const timer = isOnce ? undefined : setTimeout(onAbort, timeout);
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#remove(id, waiter);
      };
      const end = (message: OutboxMessage | undefined): void => {
        leave();
        resolve(message);
      };
      if (signal !== undefined) {
        // One signal may end any number of waits.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', onAbort);
      }
      this.#add(id, waiter);
      if (!isNew) this.read(id);
    });
  }

  #add(id: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiters.add(waiter));
    this.#look ??= setInterval(() => {
      this.read('');
    }, LOOK_EVERY).unref();
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }

  async #readAsked(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#asked.size > 0) await this.#readOnce([...this.#asked].slice(0, MOST_AT_ONCE));
    this.#isReading = false;
  }

  async #readOnce(ids: readonly string[]): Promise<void> {
    // A caller that comes later must not get a result that was read before.
    const waiters = ids.map((id) => {
      this.#asked.delete(id);
      return [id, [...(this.#waiting.get(id) ?? [])]] as const;
    });
    try {
      const decided = await this.messages.findDecided(ids);
      for (const [id, those] of waiters) for (const waiter of those) waiter.onRead(decided.get(id));
    } catch (error) {
      // A later reading may succeed. The message is stored, and its caller needs the id.
      const isOfDatabase = error instanceof OutboxError;
      for (const waiter of waiters.flatMap(([, those]) => those)) {
        if (isOfDatabase) waiter.onRead(undefined);
        else waiter.onFailure(error as Error);
      }
    }
  }
}
