import { LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf } from '../errors/status-table.js';
import type { Recipient } from '../messages/recipients.js';
import type { AcceptedRecipient, RejectedRecipient, SmsReceipt, UnknownRecipient } from '../messages/sms-receipt.js';
import { BulkReceipt } from './bulk-receipt.js';
import type { Chunk, PlacedRecipient } from './chunks.js';
import { Positions } from './positions.js';

const [ABNORMAL_NUMBER, TOTAL_LIMIT, NUMBER_LIMIT] = [-9, -27, -28];

/** The reason of recipients whose request was never made. */
export const NOT_ATTEMPTED = 'not attempted, for the run was stopped';

/** Surely not sent, and another try may succeed. */
const TEMPORARY: ReadonlySet<string> = new Set([LOCAL_FAILURES.notConnected.code, failureOf(-15).code]);

/** What a chunk is sent with. */
export interface ChunkTransport {
  /** One request. @throws {LaafficException} if nobody was accepted. */
  send(recipients: readonly Recipient[]): Promise<SmsReceipt>;
  /** Waits before a further try. @returns whether there is to be one: not if the run was stopped meanwhile. */
  pause(failures: number, failure: LaafficException): Promise<boolean>;
}

/** How much may be tried. */
export interface ChunkLimits {
  readonly retries: number;
  readonly isolation: number;
}

/** What became of a chunk. */
export interface ChunkOutcome {
  readonly receipt: BulkReceipt;
  /** Why no further request makes sense. */
  readonly doom: LaafficException | undefined;
}

/**
 * Sends one chunk: again as long as it surely was not sent and may succeed yet, and in halves where the
 * gateway refused it for one of its numbers and named none, or all. Nobody is tried again who may have
 * been sent to.
 */
export async function sendChunk(chunk: Chunk, transport: ChunkTransport, limits: ChunkLimits): Promise<ChunkOutcome> {
  const ledger = new ChunkLedger(chunk);
  const groups: (readonly Recipient[])[] = chunk.recipients.length > 0 ? [chunk.recipients] : [];
  let isolation = limits.isolation;
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const outcome = await attempt(group, transport, limits.retries);
    if (!(outcome instanceof LaafficException)) {
      ledger.add(outcome);
      continue;
    }
    const { unnamed } = outcome;
    const isWorthwhile = isAboutNumbers(outcome) && group.length > 1 && isolation > 0;
    const isNamed = unnamed.length > 0 && unnamed.length < group.length;
    if (isWorthwhile && isNamed) {
      // The others were refused for nothing of their own.
      isolation--;
      ledger.addFailure(outcome, group, new Set(unnamed));
      groups.push(unnamed);
    } else if (isWorthwhile) {
      isolation -= 2;
      const middle = group.length >>> 1;
      groups.push(group.slice(middle), group.slice(0, middle));
    } else {
      ledger.addFailure(outcome, group);
      if (!isDoom(outcome)) continue;
      for (const rest of groups.reverse()) ledger.leaveOut(rest, outcome);
      return { receipt: ledger.receipt([group, ...groups].flat()), doom: outcome };
    }
  }
  return { receipt: ledger.receipt(), doom: undefined };
}

async function attempt(
  group: readonly Recipient[],
  transport: ChunkTransport,
  retries: number,
): Promise<SmsReceipt | LaafficException> {
  for (let failures = 0; ; failures++) {
    try {
      return await transport.send(group);
    } catch (error) {
      if (!(error instanceof LaafficException)) throw error;
      const isOver = failures >= retries || error.outcome !== 'rejected' || !TEMPORARY.has(error.code);
      if (isOver || !(await transport.pause(failures, error))) return error;
    }
  }
}

function isAboutNumbers({ status, outcome }: LaafficException): boolean {
  return outcome === 'rejected' && (status === ABNORMAL_NUMBER || status === NUMBER_LIMIT);
}

/** Whether every other request of the run would end the same. */
function isDoom(failure: LaafficException): boolean {
  const { kind, code, status, outcome } = failure;
  if (outcome !== 'rejected') return false;
  if (kind === 'account' || kind === 'clock' || status === TOTAL_LIMIT) return true;
  if (kind === 'input') return !isAboutNumbers(failure) && code !== LOCAL_FAILURES.recipientRefused.code;
  return TEMPORARY.has(code) || code === LOCAL_FAILURES.abortedUnsent.code;
}

/** Gathers what became of the recipients of a chunk. */
class ChunkLedger {
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
    const reasons = new Map(failure.receipt?.rejected.map((entry) => [entry.orderId, entry]));
    for (const recipient of group) {
      if (except.has(recipient)) continue;
      const { number, orderId } = recipient;
      this.#rejected.push(reasons.get(orderId) ?? { number, orderId, code, reason });
    }
  }

  leaveOut(group: readonly Recipient[], { code }: LaafficException): void {
    for (const { number, orderId } of group) this.#rejected.push({ number, orderId, code, reason: NOT_ATTEMPTED });
  }

  /** @param unsettled whom a later run may try again. */
  receipt(unsettled: readonly Recipient[] = []): BulkReceipt {
    const { first, count, dropped } = this.#chunk;
    const outcomes = { accepted: this.#accepted, rejected: this.#rejected, unknown: this.#unknown };
    const settled = this.#settled(unsettled);
    return new BulkReceipt(outcomes, { first, count, dropped, settled, exception: this.#exception });
  }

  #settled(unsettled: readonly Recipient[]): Positions['ranges'] {
    const { first, count } = this.#chunk;
    if (unsettled.length === 0) return [[first, first + count]];
    const open = new Set((unsettled as readonly PlacedRecipient[]).map(({ position }) => position));
    const settled = new Positions();
    for (let position = first; position < first + count; position++) {
      if (!open.has(position)) settled.add(position, position + 1);
    }
    return settled.ranges;
  }
}
