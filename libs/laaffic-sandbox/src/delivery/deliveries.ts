import type { TrackedMessage } from './delivery.js';

/** The accepted messages by their ids. */
export class Deliveries {
  private readonly messages = new Map<string, TrackedMessage>();

  track(tracked: TrackedMessage): void {
    this.messages.set(tracked.message.msgId, tracked);
  }

  /** In the order in which they were accepted. */
  get all(): Iterable<TrackedMessage> {
    return this.messages.values();
  }

  find(msgId: string): TrackedMessage | null {
    return this.messages.get(msgId) ?? null;
  }

  forget(msgId: string): void {
    this.messages.delete(msgId);
  }

  clear(): void {
    this.messages.clear();
  }
}
