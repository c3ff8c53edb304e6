import { Injectable, Logger } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { LaafficSettings } from '../options/laaffic.settings.js';
import type { GatewayQueryEnded, GatewayRequestStarted, GatewaySendEnded, GatewayTraffic } from './traffic.events.js';

type Told = 'type' | 'request' | 'duration';
/** What only the caller knows of an end. */
export type SendEnd = Omit<GatewaySendEnded, Told>;
export type QueryEnd = Omit<GatewayQueryEnded, Told>;

/** Tells whoever listens about each request to the gateway. */
@Injectable()
export class Traffic {
  readonly #logger = new Logger(Traffic.name);
  readonly #subject = new Subject<GatewayTraffic>();
  readonly #server: GatewayRequestStarted['server'];
  readonly events: Observable<GatewayTraffic> = this.#subject.asObservable();

  constructor({ baseUrl }: LaafficSettings) {
    const { hostname, port, protocol } = new URL(baseUrl);
    const standardPort = protocol === 'https:' ? 443 : 80;
    this.#server = Object.freeze({
      address: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? standardPort : Number(port),
    });
  }

  /**
   * Tells that a request starts.
   * @returns how to tell of its end; `undefined` while nobody listens.
   */
  start(request: Omit<GatewayRequestStarted, 'type' | 'server'>): ((end: SendEnd | QueryEnd) => void) | undefined {
    if (!this.#subject.observed) return undefined;
    const started: GatewayRequestStarted = { type: 'started', ...request, server: this.#server };
    this.#tell(started);
    const from = performance.now();
    return (end) => {
      this.#tell({ type: 'ended', request: started, duration: performance.now() - from, ...end });
    };
  }

  /** What a listener throws is reported by rxjs on its own, unless the app told it to throw at once. */
  #tell(event: GatewayTraffic): void {
    try {
      this.#subject.next(event);
    } catch (error) {
      this.#logger.error('A subscriber of the traffic failed', error);
    }
  }
}
