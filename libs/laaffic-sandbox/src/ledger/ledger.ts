import type { IncomingMessage } from 'node:http';
import type { AcceptedMessage } from './accepted.message.js';
import { BoundedList } from './bounded.list.js';
import type { Conversion } from './conversion.js';
import type { InboundMessage } from './inbound.message.js';
import { RequestRecord } from './request.record.js';

/** How many characters of requests are kept: a page that sends the longest bodies must not fill the memory. */
const mostText = 128 * 1024 * 1024;

/** What the sandbox remembers: every call, every message, every conversion. */
export class Ledger {
  readonly requests: BoundedList<RequestRecord>;
  readonly messages: BoundedList<AcceptedMessage>;
  readonly inbound: BoundedList<InboundMessage>;
  readonly conversions: BoundedList<Conversion>;
  private received = 0;
  private text = 0;

  constructor(
    historyLimit: number | null,
    messageLimit: number | null,
    forgotten: (message: AcceptedMessage) => void = () => undefined,
  ) {
    this.requests = new BoundedList(historyLimit ?? Infinity, (record) => {
      record.isKept = false;
      this.text -= record.size;
    });
    this.messages = new BoundedList(messageLimit ?? Infinity, forgotten);
    this.inbound = new BoundedList(messageLimit ?? Infinity);
    this.conversions = new BoundedList(historyLimit ?? Infinity);
  }

  resize(historyLimit: number | null, messageLimit: number | null): void {
    this.requests.resize(historyLimit ?? Infinity);
    this.messages.resize(messageLimit ?? Infinity);
    this.inbound.resize(messageLimit ?? Infinity);
    this.conversions.resize(historyLimit ?? Infinity);
  }

  open(request: IncomingMessage, at: number): RequestRecord {
    this.received += 1;
    const record = new RequestRecord(this.received, at, request);
    this.requests.push(record);
    this.grow(record.size);
    return record;
  }

  /** Keeps the body of a request, and forgets the oldest requests when there is too much of them. */
  keepBody(record: RequestRecord, body: string): void {
    record.rawBody = body;
    if (record.isKept) this.grow(body.length);
  }

  private grow(by: number): void {
    this.text += by;
    while (this.text > mostText && this.requests.size > 1) this.requests.dropOldest();
  }

  clear(): void {
    this.received = 0;
    this.text = 0;
    for (const record of this.requests.all) record.isKept = false;
    this.requests.clear();
    this.messages.clear();
    this.inbound.clear();
    this.conversions.clear();
  }
}
