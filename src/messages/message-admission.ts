import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createParamDecorator,
  Injectable,
  Logger,
  type CanActivate,
  type ExecutionContext,
  type NestMiddleware,
} from '@nestjs/common';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { toErrorResponse } from '../common/errors/error-response.js';
import { BusyException } from '../common/errors/service.exception.js';
import { nodeResponse } from '../common/http/node-http.js';

export interface AdmissionLimits {
  /** How many send requests may be in flight. They keep every slot of a worker busy several times over. */
  readonly inFlight: number;
  /** How many messages may be due. More are not accepted until some of them are sent. */
  readonly backlog: number;
  /** How long there may be no outcome before waiting is useless: the account is paused, or the gateway is unreachable. */
  readonly standstillMs: number;
}

/** The slot of a send request while it is in flight. */
export interface SendSlot {
  /** Whether the request may wait for its outcome. */
  readonly mayWait: boolean;
  /** Call it when the request starts to wait. */
  readonly startWaiting: () => void;
  /** Call it when the outcome is known: there is no standstill. */
  readonly resolved: () => void;
}

/** The part of a response that shows when the request is over. */
type Closable = Pick<ServerResponse, 'closed'> & { once(event: 'close', listener: () => void): unknown };

const LIMITS: AdmissionLimits = { inFlight: 100, backlog: 10_000, standstillMs: 5_000 };
/** How long a reading of the backlog is used. */
const BACKLOG_AGE_MS = 1_000;
const MAX_RETRY_AFTER_SECONDS = 30;
/**
 * How many rejected callers may return for each request that ends: few while all slots are taken, and more than one while
 * slots are free.
 */
const RETURN_RATE = { whileFull: 0.5, whileFree: 1.5 };
/** The time between log records about rejected requests. */
const LOG_INTERVAL_MS = 60_000;

/**
 * Limits how many send requests are in flight. More are rejected at once: a request that waits behind too many others gets
 * a late response, and takes time away from sending.
 */
export class MessageAdmission {
  readonly #logger = new Logger('MessageAdmission');
  readonly #slots = new WeakMap<Closable, SendSlot>();
  #inFlight = 0;
  #waiting = 0;
  /** Since when half of the slots wait, without any outcome. */
  #stillSince: number | undefined;
  #backlog = 0;
  #backlogReadAt = -Infinity;
  /** Recent requests per second. */
  #rate = 1;
  /** The lowest number of requests in flight in the current period. */
  #least = 0;
  #isFull = false;
  #turn = Promise.resolve();
  #ended = 0;
  #countedSince = performance.now();
  /** When the caller that was rejected last may return. */
  #nextReturn = 0;
  #rejected = 0;
  #loggedAt = -Infinity;

  constructor(
    private readonly outbox: Pick<SmsOutbox, 'countDue'>,
    private readonly limits = LIMITS,
  ) {}

  /**
   * The slot of a send request, until the response is sent or the client disconnects.
   * @throws {BusyException} if there is no slot.
   */
  slotOf(response: Closable): SendSlot {
    const slot = this.#slots.get(response) ?? this.#enter(response);
    if (slot instanceof BusyException) throw slot;
    return slot;
  }

  /** Lets one request continue in each turn of the event loop, so that sending continues in between. */
  ownTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => nextTurn());
    return this.#turn;
  }

  #enter(response: Closable): SendSlot | BusyException {
    const busy = this.whyBusy();
    if (busy !== undefined) return busy;
    let [waits, isOver] = [0, false];
    const slot: SendSlot = {
      mayWait: this.#inFlight < this.limits.inFlight,
      startWaiting: () => {
        if (isOver) return;
        waits = 1;
        this.#waiting++;
        if (this.#waiting * 2 >= this.limits.inFlight) this.#stillSince ??= performance.now();
      },
      resolved: () => {
        this.#stillSince = undefined;
      },
    };
    this.#slots.set(response, slot);
    this.#inFlight++;
    const leave = (): void => {
      isOver = true;
      this.#waiting -= waits;
      this.#inFlight--;
      this.#ended++;
      this.#least = Math.min(this.#least, this.#inFlight);
    };
    // A response that is closed already emits no event.
    if (response.closed) leave();
    else response.once('close', leave);
    return slot;
  }

  /** Why a new request is rejected; `undefined` if there is room for it. */
  whyBusy(): BusyException | undefined {
    void this.#readBacklog();
    if (this.#backlog > this.limits.backlog) {
      return this.#busy(`more than ${this.limits.backlog} messages wait to be sent`);
    }
    // During a standstill requests only store their message and do not wait.
    const isStill = this.#stillSince !== undefined && performance.now() - this.#stillSince > this.limits.standstillMs;
    if (this.#inFlight < (isStill ? 2 : 1) * this.limits.inFlight) return undefined;
    return this.#busy(`${this.#inFlight} send requests are in flight`);
  }

  #busy(why: string): BusyException {
    const retryAfterSeconds = this.#retryAfterSeconds();
    this.#log(why);
    return new BusyException(
      `The service is busy: ${why}. Nothing was done; retry in ${retryAfterSeconds} s`,
      retryAfterSeconds,
    );
  }

  /** Spreads the rejected callers over time, as fast as requests end, so that they do not all return at once. */
  #retryAfterSeconds(): number {
    const now = performance.now();
    const seconds = (now - this.#countedSince) / 1_000;
    if (seconds >= 1) {
      this.#rate = Math.max(1, (this.#rate + this.#ended / seconds) / 2);
      this.#isFull = this.#least > this.limits.inFlight / 2;
      this.#least = this.#inFlight;
      this.#ended = 0;
      this.#countedSince = now;
    }
    const speed = this.#rate * (this.#isFull ? RETURN_RATE.whileFull : RETURN_RATE.whileFree);
    const latest = now + MAX_RETRY_AFTER_SECONDS * 1_000;
    this.#nextReturn = Math.min(latest, Math.max(now, this.#nextReturn) + 1_000 / speed);
    return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil((this.#nextReturn - now) / 1_000)));
  }

  #log(why: string): void {
    this.#rejected++;
    const now = performance.now();
    if (now - this.#loggedAt < LOG_INTERVAL_MS) return;
    this.#logger.warn({ event: 'messages rejected', why, count: this.#rejected });
    this.#loggedAt = now;
    this.#rejected = 0;
  }

  async #readBacklog(): Promise<void> {
    const now = performance.now();
    if (now - this.#backlogReadAt < BACKLOG_AGE_MS) return;
    this.#backlogReadAt = now;
    // If reading fails, no caller is rejected here: the request itself fails with the reason.
    this.#backlog = await this.outbox.countDue(this.limits.backlog + 1).catch(() => 0);
  }
}

/** Rejects send requests before their bodies are read, if there is no room. */
@Injectable()
export class AdmissionMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(private readonly admission: MessageAdmission) {}

  use(_: IncomingMessage, response: ServerResponse, next: () => void): void {
    const busy = this.admission.whyBusy();
    if (busy === undefined) next();
    else reject(response, busy);
  }
}

/**
 * Gives a send request its slot, after its key was checked and its body was read. A slow body therefore takes no slot, and
 * of a thousand requests that arrive at once most are rejected here at little cost.
 */
@Injectable()
export class AdmissionGuard implements CanActivate {
  constructor(private readonly admission: MessageAdmission) {}

  /** @throws {BusyException} if there is no slot. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const response = nodeResponse(context);
    slots.set(response, this.admission.slotOf(response));
    await this.admission.ownTurn();
    return true;
  }
}

const slots = new WeakMap<ServerResponse, SendSlot>();

/** The slot that {@link AdmissionGuard} gave the request. */
export const AdmittedSlot = createParamDecorator((_: unknown, context: ExecutionContext): SendSlot | undefined =>
  slots.get(nodeResponse(context)),
);

/** Writes to Node's response, because a framework takes several times as long and rejections come when time is short. */
function reject(response: ServerResponse, busy: BusyException): void {
  const { statusCode, headers, body: fields } = toErrorResponse(busy, false);
  const body = JSON.stringify(fields);
  response.writeHead(statusCode, {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
