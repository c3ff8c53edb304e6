import type { IncomingMessage } from 'node:http';
import { BoundedList } from './bounded-list.js';
import type { AcceptedMessage, Conversion, InboundMessage } from './records.js';
import { RequestRecord } from './request-record.js';

/** Characters of requests to keep. A client that sends the longest bodies must not fill the memory. */
const MAX_TEXT_LENGTH = 128 * 1024 * 1024;

/** The requests, messages and conversions the sandbox remembers. */
export class History {
  readonly requests: BoundedList<RequestRecord>;
  readonly messages: BoundedList<AcceptedMessage>;
  readonly inboundMessages: BoundedList<InboundMessage>;
  readonly conversions: BoundedList<Conversion>;
  #requestCount = 0;
  #textLength = 0;

  /** @param onForgotten called with each message that exceeds the limit. */
  constructor(
    historyLimit: number | null,
    messageLimit: number | null,
    onForgotten: (message: AcceptedMessage) => void = () => undefined,
  ) {
    this.requests = new BoundedList(historyLimit ?? Infinity, (record) => {
      record.isKept = false;
      this.#textLength -= record.size;
    });
    this.messages = new BoundedList(messageLimit ?? Infinity, onForgotten);
    this.inboundMessages = new BoundedList(messageLimit ?? Infinity);
    this.conversions = new BoundedList(historyLimit ?? Infinity);
  }

  resize(historyLimit: number | null, messageLimit: number | null): void {
    this.requests.resize(historyLimit ?? Infinity);
    this.messages.resize(messageLimit ?? Infinity);
    this.inboundMessages.resize(messageLimit ?? Infinity);
    this.conversions.resize(historyLimit ?? Infinity);
  }

  addRequest(request: IncomingMessage, at: number): RequestRecord {
    this.#requestCount += 1;
    const record = new RequestRecord(this.#requestCount, at, request);
    this.requests.push(record);
    this.#grow(record.size);
    return record;
  }

  /** Keeps the body of a request and drops the oldest requests if their text exceeds the limit. */
  keepBody(record: RequestRecord, body: string): void {
    record.rawBody = body;
    if (record.isKept) this.#grow(body.length);
  }

  #grow(length: number): void {
    this.#textLength += length;
    while (this.#textLength > MAX_TEXT_LENGTH && this.requests.size > 1) this.requests.dropOldest();
  }

  clear(): void {
    this.#requestCount = 0;
    this.#textLength = 0;
    for (const record of this.requests.all) record.isKept = false;
    this.requests.clear();
    this.messages.clear();
    this.inboundMessages.clear();
    this.conversions.clear();
  }
}
