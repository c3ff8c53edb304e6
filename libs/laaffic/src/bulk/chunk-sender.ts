import { LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf } from '../errors/status-table.js';
import { backoffMs, pause, type BackoffLimits } from '../gateway/http/backoff.js';
import { notSentException } from '../gateway/http/request-errors.js';
import type { Recipient } from '../messages/recipients.js';
import type { AcceptedRecipient, RejectedRecipient, SmsReceipt, UnknownRecipient } from '../messages/sms-receipt.js';
import { BulkReceipt } from './bulk-receipt.js';
import type { Chunk, PositionedRecipient } from './chunks.js';
import { Positions } from './positions.js';

/** What a run may spend on one chunk. */
export interface ChunkLimits {
  readonly retries: number;
  readonly maxSplits: number;
}

/** What the requests of a run need. */
export interface BulkSenderPlan extends ChunkLimits {
  readonly backoff: BackoffLimits;
  /** A random number from 0 to below 1. */
  random(): number;
  /** Waits until the rate limit allows a request. @returns `false` if the run stopped meanwhile. */
  turn(recipients: number, stopped: AbortSignal): Promise<boolean>;
  /** Makes one request. @throws {LaafficException} if no recipient was accepted. */
  request(recipients: readonly Recipient[]): Promise<SmsReceipt>;
}

/** The result of a chunk. */
export interface ChunkOutcome {
  readonly receipt: BulkReceipt;
  /** Why every further request of the run would fail as well. */
  readonly fatalError: LaafficException | undefined;
}

const [ABNORMAL_NUMBER, TOTAL_LIMIT, NUMBER_LIMIT] = [-9, -27, -28];

/** The reason for recipients whose request was never made. */
const NOT_ATTEMPTED = 'not attempted because the run was stopped';

/** Codes of requests that certainly were not sent and that may succeed later. */
const TEMPORARY: ReadonlySet<string> = new Set([LOCAL_FAILURES.notConnected.code, failureOf(-15).code]);

/** Sends the chunks of one run, each request in its turn. */
export class BulkSender {
  constructor(private readonly plan: BulkSenderPlan) {}

  /** @returns `undefined` if the run stopped before anything of the chunk was sent. */
  async send(chunk: Chunk, stopped: AbortSignal, starting: () => Promise<void>): Promise<ChunkOutcome | undefined> {
    const { plan } = this;
    let hasTurn = chunk.recipients.length === 0;
    if (!hasTurn) {
      if (!(await plan.turn(chunk.recipients.length, stopped)) || stopped.aborted) return undefined;
      hasTurn = true;
      await starting();
    }
    const send = async (recipients: readonly Recipient[]) => {
      if (!hasTurn && !(await plan.turn(recipients.length, stopped)))
        throw notSentException(LOCAL_FAILURES.abortedUnsent, recipients, { reason: NOT_ATTEMPTED });
      hasTurn = false;
      return plan.request(recipients);
    };
    const pauseBefore = (failures: number, failure: LaafficException) =>
      pause(backoffMs(failures, plan.backoff, failure, plan.random()), stopped);
    return sendChunk(chunk, { send, pause: pauseBefore }, plan);
  }
}

interface ChunkTransport {
  /** Makes one request. @throws {LaafficException} if no recipient was accepted. */
  send(recipients: readonly Recipient[]): Promise<SmsReceipt>;
  /** Waits before a retry. @returns `false` if the run stopped meanwhile. */
  pause(failures: number, failure: LaafficException): Promise<boolean>;
}

/**
 * Sends one chunk. Retries a request that certainly was not sent and may succeed later. Splits a request that the gateway
 * rejected because of one number, if it named none or all of them. Never retries a recipient that may have been sent to.
 */
async function sendChunk(chunk: Chunk, transport: ChunkTransport, limits: ChunkLimits): Promise<ChunkOutcome> {
  const result = new ChunkResult(chunk);
  const groups: (readonly Recipient[])[] = chunk.recipients.length > 0 ? [chunk.recipients] : [];
  let splitsLeft = limits.maxSplits;
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const outcome = await sendWithRetries(group, transport, limits.retries);
    if (!(outcome instanceof LaafficException)) {
      result.add(outcome);
      continue;
    }
    const { unnamed } = outcome;
    const canSplit = isAboutNumbers(outcome) && group.length > 1 && splitsLeft > 0;
    const isNamed = unnamed.length > 0 && unnamed.length < group.length;
    if (canSplit && isNamed) {
      // The other recipients were rejected only because they were in the same request.
      splitsLeft--;
      result.addFailure(outcome, group, new Set(unnamed));
      groups.push(unnamed);
    } else if (canSplit) {
      splitsLeft -= 2;
      const middle = group.length >>> 1;
      groups.push(group.slice(middle), group.slice(0, middle));
    } else {
      result.addFailure(outcome, group);
      if (!isFatal(outcome)) continue;
      for (const unattempted of groups.reverse()) result.addUnattempted(unattempted, outcome);
      return { receipt: result.receipt([group, ...groups].flat()), fatalError: outcome };
    }
  }
  return { receipt: result.receipt(), fatalError: undefined };
}

async function sendWithRetries(
  group: readonly Recipient[],
  transport: ChunkTransport,
  retries: number,
): Promise<SmsReceipt | LaafficException> {
  for (let failures = 0; ; failures++) {
    try {
      return await transport.send(group);
    } catch (error) {
      if (!(error instanceof LaafficException)) throw error;
      const isFinal = failures >= retries || error.outcome !== 'rejected' || !TEMPORARY.has(error.code);
      if (isFinal || !(await transport.pause(failures, error))) return error;
    }
  }
}

function isAboutNumbers({ status, outcome }: LaafficException): boolean {
  return outcome === 'rejected' && (status === ABNORMAL_NUMBER || status === NUMBER_LIMIT);
}

/** Whether every other request of the run would fail in the same way. */
function isFatal(failure: LaafficException): boolean {
  const { kind, code, status, outcome } = failure;
  if (outcome !== 'rejected') return false;
  if (kind === 'account' || kind === 'clock' || status === TOTAL_LIMIT) return true;
  if (kind === 'input') return !isAboutNumbers(failure) && code !== LOCAL_FAILURES.recipientRejected.code;
  return TEMPORARY.has(code) || code === LOCAL_FAILURES.abortedUnsent.code;
}

/** Collects the outcomes of the recipients of a chunk. */
class ChunkResult {
  readonly #chunk: Chunk;
  readonly #accepted: AcceptedRecipient[] = [];
  readonly #rejected: RejectedRecipient[];
  readonly #unknown: UnknownRecipient[] = [];
  #exception: LaafficException | undefined;

  constructor(chunk: Chunk) {
    this.#chunk = chunk;
    this.#rejected = [...chunk.rejected];
  }

  add({ accepted, rejected, unknown }: SmsReceipt): void {
    // Not spread into push: a list may be longer than a call may have arguments.
    for (const recipient of accepted) this.#accepted.push(recipient);
    for (const recipient of rejected) this.#rejected.push(recipient);
    for (const recipient of unknown) this.#unknown.push(recipient);
  }

  addFailure(failure: LaafficException, group: readonly Recipient[], except: ReadonlySet<Recipient> = new Set()): void {
    this.#exception = failure;
    if (except.size === 0 && failure.receipt !== undefined) {
      this.add(failure.receipt);
      return;
    }
    const { code, reason = 'no reason given' } = failure;
    const entries = new Map(failure.receipt?.rejected.map((entry) => [entry.orderId, entry]));
    for (const recipient of group) {
      if (except.has(recipient)) continue;
      const { number, orderId } = recipient;
      this.#rejected.push(entries.get(orderId) ?? { number, orderId, code, reason });
    }
  }

  addUnattempted(group: readonly Recipient[], { code }: LaafficException): void {
    for (const { number, orderId } of group) this.#rejected.push({ number, orderId, code, reason: NOT_ATTEMPTED });
  }

  /** @param unattempted recipients that a later run may retry. */
  receipt(unattempted: readonly Recipient[] = []): BulkReceipt {
    const { first, count, dropped } = this.#chunk;
    const outcomes = { accepted: this.#accepted, rejected: this.#rejected, unknown: this.#unknown };
    const processed = this.#processed(unattempted);
    return new BulkReceipt(outcomes, { first, count, dropped, processed, exception: this.#exception });
  }

  #processed(unattempted: readonly Recipient[]): Positions['ranges'] {
    const { first, count } = this.#chunk;
    if (unattempted.length === 0) return [[first, first + count]];
    const open = new Set((unattempted as readonly PositionedRecipient[]).map(({ position }) => position));
    const processed = new Positions();
    for (let position = first; position < first + count; position++) {
      if (!open.has(position)) processed.add(position, position + 1);
    }
    return processed.ranges;
  }
}
