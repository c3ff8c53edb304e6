import { Injectable, Logger } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { LaafficSettings } from '../../options/laaffic.settings.js';
import type { QueryEndedEvent, RequestEvent, RequestStartedEvent, SendEndedEvent } from './request-events.js';

type AddedByEmitter = 'type' | 'request' | 'durationMs';
/** The part of the event that the emitter does not know. */
export type SendEnd = Omit<SendEndedEvent, AddedByEmitter>;
export type QueryEnd = Omit<QueryEndedEvent, AddedByEmitter>;

/** Emits the events of each request to the gateway. */
@Injectable()
export class RequestEventEmitter {
  readonly #logger = new Logger(RequestEventEmitter.name);
  readonly #subject = new Subject<RequestEvent>();
  readonly #server: RequestStartedEvent['server'];
  readonly events: Observable<RequestEvent> = this.#subject.asObservable();

  constructor({ baseUrl }: LaafficSettings) {
    const { hostname, port, protocol } = new URL(baseUrl);
    const standardPort = protocol === 'https:' ? 443 : 80;
    this.#server = Object.freeze({
      address: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? standardPort : Number(port),
    });
  }

  /**
   * Emits the start of a request.
   * @returns a function that emits its end; `undefined` if there are no subscribers.
   */
  start(request: Omit<RequestStartedEvent, 'type' | 'server'>): ((end: SendEnd | QueryEnd) => void) | undefined {
    if (!this.#subject.observed) return undefined;
    const started: RequestStartedEvent = { type: 'started', ...request, server: this.#server };
    this.#emit(started);
    const from = performance.now();
    return (end) => {
      this.#emit({ type: 'ended', request: started, durationMs: performance.now() - from, ...end });
    };
  }

  /** rxjs reports what a subscriber throws by itself, unless the app told it to throw at once. */
  #emit(event: RequestEvent): void {
    try {
      this.#subject.next(event);
    } catch (error) {
      this.#logger.error('A subscriber of requestEvents failed', error);
    }
  }
}
