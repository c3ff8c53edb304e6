import type { IncomingMessage } from 'node:http';
import type { AcceptedMessage } from './accepted.message.js';
import { BoundedList } from './bounded.list.js';
import { RequestRecord } from './request.record.js';

/** What the sandbox remembers: every call, every accepted message. */
export class Ledger {
  readonly requests: BoundedList<RequestRecord>;
  readonly messages: BoundedList<AcceptedMessage>;
  private received = 0;

  constructor(historyLimit: number | null, messageLimit: number | null) {
    this.requests = new BoundedList(historyLimit ?? Infinity);
    this.messages = new BoundedList(messageLimit ?? Infinity);
  }

  resize(historyLimit: number | null, messageLimit: number | null): void {
    this.requests.resize(historyLimit ?? Infinity);
    this.messages.resize(messageLimit ?? Infinity);
  }

  open(request: IncomingMessage, at: number): RequestRecord {
    this.received += 1;
    const record = new RequestRecord(this.received, at, request);
    this.requests.push(record);
    return record;
  }

  clear(): void {
    this.received = 0;
    this.requests.clear();
    this.messages.clear();
  }
}
