import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { BusyException } from '../errors/busy.exception.js';

/** What the service takes. */
export interface AdmissionLimits {
  /** Requests to send that are under way at once: they keep every slot of a worker busy several times over. */
  readonly underWay: number;
  /** Messages that could be sent now; more are not taken until some of them are. */
  readonly backlog: number;
  /** If no outcome comes for so long it is no use to wait: the account is paused, or the gateway away. */
  readonly standstillMs: number;
}

/** What a request to send has while it is under way. */
export interface Place {
  /** Whether it may wait for its outcome. */
  readonly mayWait: boolean;
  /** To be called when it begins to wait. */
  readonly waits: () => void;
  /** To be called when it has its outcome: something moves. */
  readonly decided: () => void;
}

/** What is known of the answer to a request: when it is over. */
type Answer = Pick<Response, 'closed'> & { once(event: 'close', listener: () => void): unknown };

const LIMITS: AdmissionLimits = { underWay: 100, backlog: 10_000, standstillMs: 5_000 };
/** Milliseconds between readings of the backlog. */
const BACKLOG_AGE = 1_000;
/** In seconds. */
const LONGEST_RETRY = 30;
/**
 * How fast those who were refused may come back, in requests that end meanwhile: slowly while others keep the places, and
 * faster than places become free where some are left.
 */
const RETURN = { whileFull: 0.5, whileFree: 1.5 };
/** Milliseconds between log records about refused requests. */
const LOG_INTERVAL = 60_000;

/**
 * Decides how many requests to send the service takes. What is beyond it is refused at once: a request that waits behind
 * too many others is answered late, and takes the time that sending needs.
 */
export class MessageAdmission {
  readonly #logger = new Logger('MessageAdmission');
  readonly #places = new WeakMap<Answer, Place>();
  #underWay = 0;
  #waiting = 0;
  /** Since when half of the places wait, without any outcome. */
  #stillSince: number | undefined;
  #backlog = 0;
  #backlogReadAt = -Infinity;
  /** Requests that ended a second, of late. */
  #rate = 1;
  /** The least that were under way since these were counted. */
  #least = 0;
  #isFull = false;
  #turn = Promise.resolve();
  #ended = 0;
  #countedSince = performance.now();
  /** When the request that was refused last may come back. */
  #nextTurn = 0;
  #refused = 0;
  #loggedAt = -Infinity;

  constructor(
    private readonly outbox: Pick<SmsOutbox, 'countDue'>,
    private readonly limits = LIMITS,
  ) {}

  /** Middleware, before the body is read: refuses a request to send if there is no room. */
  readonly refuseIfFull = (request: Request, response: Response, next: NextFunction): void => {
    const busy = isToSend(request) ? this.#whyBusy() : undefined;
    if (busy === undefined) next();
    else refuse(response, busy);
  };

  /**
   * The place of a request to send, until it is answered or its client has gone.
   * @throws {BusyException} if there is none for it.
   */
  placeOf(response: Answer): Place {
    const place = this.#places.get(response) ?? this.#enter(response);
    if (place instanceof BusyException) throw place;
    return place;
  }

  /** One goes on in each turn of the event loop, however many have come: in between what is being sent goes on. */
  ownTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => nextTurn());
    return this.#turn;
  }

  #enter(response: Answer): Place | BusyException {
    const busy = this.#whyBusy();
    if (busy !== undefined) return busy;
    let [waits, isOver] = [0, false];
    const place: Place = {
      mayWait: this.#underWay < this.limits.underWay,
      waits: () => {
        if (isOver) return;
        waits = 1;
        this.#waiting++;
        if (this.#waiting * 2 >= this.limits.underWay) this.#stillSince ??= performance.now();
      },
      decided: () => {
        this.#stillSince = undefined;
      },
    };
    this.#places.set(response, place);
    this.#underWay++;
    const leave = (): void => {
      isOver = true;
      this.#waiting -= waits;
      this.#underWay--;
      this.#ended++;
      this.#least = Math.min(this.#least, this.#underWay);
    };
    // A client that has gone already says so no more.
    if (response.closed) leave();
    else response.once('close', leave);
    return place;
  }

  #whyBusy(): BusyException | undefined {
    void this.#readBacklog();
    if (this.#backlog > this.limits.backlog) {
      return this.#busy(`more than ${this.limits.backlog} messages wait to be sent`);
    }
    // Those who find a standstill only leave their message.
    const isStill = this.#stillSince !== undefined && performance.now() - this.#stillSince > this.limits.standstillMs;
    if (this.#underWay < (isStill ? 2 : 1) * this.limits.underWay) return undefined;
    return this.#busy(`${this.#underWay} requests to send are under way`);
  }

  #busy(why: string): BusyException {
    const retryAfter = this.#retryAfter();
    this.#log(why);
    return new BusyException(`The service is busy: ${why}. Nothing was done; ask again in ${retryAfter} s`, retryAfter);
  }

  /** In seconds: each who is refused gets a turn of his own, as fast as requests end, so that not all come back at once. */
  #retryAfter(): number {
    const now = performance.now();
    const seconds = (now - this.#countedSince) / 1_000;
    if (seconds >= 1) {
      this.#rate = Math.max(1, (this.#rate + this.#ended / seconds) / 2);
      this.#isFull = this.#least > this.limits.underWay / 2;
      this.#least = this.#underWay;
      this.#ended = 0;
      this.#countedSince = now;
    }
    const speed = this.#rate * (this.#isFull ? RETURN.whileFull : RETURN.whileFree);
    const latest = now + LONGEST_RETRY * 1_000;
    this.#nextTurn = Math.min(latest, Math.max(now, this.#nextTurn) + 1_000 / speed);
    return Math.min(LONGEST_RETRY, Math.max(1, Math.ceil((this.#nextTurn - now) / 1_000)));
  }

  #log(why: string): void {
    this.#refused++;
    const now = performance.now();
    if (now - this.#loggedAt < LOG_INTERVAL) return;
    this.#logger.warn({ event: 'messages refused', why, count: this.#refused });
    this.#loggedAt = now;
    this.#refused = 0;
  }

  async #readBacklog(): Promise<void> {
    const now = performance.now();
    if (now - this.#backlogReadAt < BACKLOG_AGE) return;
    this.#backlogReadAt = now;
    // What cannot be read now is no reason to refuse anybody: the request will say what is wrong.
    this.#backlog = await this.outbox.countDue(this.limits.backlog + 1).catch(() => 0);
  }
}

/** Whether the request, whose path begins behind that of the messages, is one to send. */
function isToSend({ method, path }: Request): boolean {
  return method === 'POST' && path === '/';
}

/**
 * Gives a request to send its place once the key was checked and the body read. Whoever sends a body slowly keeps nobody
 * out, and of a thousand that come at once all but a few end here, cheaply.
 */
@Injectable()
export class PlaceGuard implements CanActivate {
  constructor(private readonly admission: MessageAdmission) {}

  /** @throws {BusyException} if there is no place. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    this.admission.placeOf(context.switchToHttp().getResponse<Response>());
    await this.admission.ownTurn();
    return true;
  }
}

/** Without the help of Express, which takes several times as long: nothing is refused more often than when time is short. */
function refuse(response: Response, busy: BusyException): void {
  const body = JSON.stringify(busy.getResponse());
  response.writeHead(busy.getStatus(), {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': busy.retryAfter,
  });
  response.end(body);
}
