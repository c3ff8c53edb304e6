import { Bell } from '../bell.js';
import { OutboxError } from '../outbox.error.js';
import type { MessageView, OutboxMessage } from './message-view.js';

const OPEN: ReadonlySet<string> = new Set(['pending', 'sending']);
/** Calls are hints: one may be lost with its connection. */
const LOOK_EVERY = 500;

/** Lets callers wait for the outcome of a message, whichever process sends it. */
export class Outcomes {
  readonly #bells = new Map<string, Set<Bell>>();

  constructor(private readonly messages: MessageView) {}

  /** Something was decided about the message; all of them, if no id is given. */
  tell(id: string): void {
    const bells = id === '' ? [...this.#bells.values()] : [this.#bells.get(id)];
    for (const bell of bells.flatMap((some) => [...(some ?? [])])) bell.ring();
  }

  /**
   * Waits until nothing of the message is pending or being sent.
   * @returns `undefined` if that takes longer, or cannot be read.
   */
  async of(id: string, timeout: number, signal?: AbortSignal): Promise<OutboxMessage | undefined> {
    const deadline = performance.now() + timeout;
    // One for each who waits: the first to leave must not take it from the others.
    const bell = new Bell();
    const bells = this.#bells.get(id) ?? new Set();
    this.#bells.set(id, bells.add(bell));
    const onAbort = () => {
      bell.ring();
    };
    signal?.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const rung = bell.next();
        const message = await this.#find(id);
        if (message?.recipients.every(({ state }) => !OPEN.has(state)) === true) return message;
        const left = deadline - performance.now();
        if (left <= 0 || signal?.aborted === true) return undefined;
        await bell.wait(rung, Math.min(left, LOOK_EVERY));
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      bells.delete(bell);
      if (bells.size === 0) this.#bells.delete(id);
    }
  }

  /** What cannot be read now may be the next time: the message is stored, and who waits has to get its id. */
  async #find(id: string): Promise<OutboxMessage | undefined> {
    try {
      return await this.messages.find(id);
    } catch (error) {
      if (error instanceof OutboxError) return undefined;
      throw error;
    }
  }
}
